package selftest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/enforce/tempdir"
)

// Across tries the vectors across runs with the program purity: a confined process
// plants, purity runs outside, and the test looks for effects. With the name of a
// program, such as nix, only those vectors are tried that are attacks on it; the others
// do not start it, but a stand-in.
func Across(purity, program string) (Report, error) {
	k := enforce.Probe()
	if k.Err != nil {
		return Report{}, k.Err
	}
	stage, err := newStage(purity, k.ABI)
	if err != nil {
		return Report{}, err
	}
	defer stage.close()
	tries := stage.tries(program)
	each(tries, func(t *acrossTry) { t.err = t.scene.make(t.leftover) })
	if err := stage.plantAll(tries); err != nil {
		return Report{}, err
	}
	each(tries, (*acrossTry).step)
	r := Report{Policy: AcrossGroup, ABI: k.ABI, Root: os.Getuid() == 0}
	for i := 0; i < len(tries); i += 2 {
		r.Results = append(r.Results, acrossResult(tries[i], tries[i+1]))
	}
	return r, nil
}

// acrossTry is one vector, or its twin, in a scene of its own.
type acrossTry struct {
	leftover leftover
	scene    *scene
	twin     bool
	moot     string // the missing need
	err      error  // of making or planting: nothing was tried
	outcome  error
}

// each calls f of all that are not moot, as many at a time as there are processors.
func each(tries []*acrossTry, f func(*acrossTry)) {
	var wait sync.WaitGroup
	turns := make(chan struct{}, max(2, runtime.NumCPU()))
	for _, t := range tries {
		if t.moot != "" || t.err != nil {
			continue
		}
		wait.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			f(t)
		})
	}
	wait.Wait()
}

// step is the next action of the user.
func (t *acrossTry) step() {
	f := t.leftover.attack
	if t.twin {
		f = t.leftover.twin
	}
	t.outcome = f(t.scene)
	tempdir.Remove(t.scene.dir)
}

func acrossResult(attack, twin *acrossTry) Result {
	l := attack.leftover
	r := Result{ID: l.id, Group: AcrossGroup, What: l.what, Expected: l.expected(), Status: Stopped, Moot: attack.moot}
	if r.Moot != "" {
		r.Expected, r.Refused = Stopped, r.Moot
		return r
	}
	for _, t := range []*acrossTry{attack, twin} {
		if t.err != nil {
			r.Twin = "it could not be tried: " + t.err.Error()
			return r
		}
	}
	switch {
	case attack.outcome != nil:
		r.Refused = attack.outcome.Error()
	case l.design != "":
		r.Status, r.Remedy = Design, l.design
	default:
		r.Status, r.Remedy = Open, "stopped by nothing"
	}
	if twin.outcome != nil {
		r.Twin = twin.outcome.Error()
	}
	return r
}

// stage is where all scenes are, with a store of its own.
type stage struct {
	dir     string
	program string // purity
	abi     int
	missing map[string]string // missing programs, by need
	real    realNix
}

// attackerName is the store path of the attacker's program.
const attackerName = "00000000000000000000000000000000-attacker"

func newStage(purity string, abi int) (*stage, error) {
	dir, err := host.MakeTemp("purity-across-")
	if err != nil {
		return nil, fmt.Errorf("make a stage: %w", err)
	}
	// Users' purity lies in no project, as one in a checkout does.
	s := &stage{dir: dir, program: filepath.Join(dir, "installed", "purity"), abi: abi, missing: map[string]string{}}
	for _, copied := range []string{s.program, filepath.Join(dir, "store", attackerName, "bin", "attacker")} {
		if err = os.MkdirAll(filepath.Dir(copied), 0o755); err == nil {
			err = copyProgram(purity, copied)
		}
		if err != nil {
			break
		}
	}
	if err != nil {
		s.close()
		return nil, fmt.Errorf("make a stage: %w", err)
	}
	for _, l := range leftovers() {
		for _, need := range l.needs {
			s.look(need)
		}
	}
	return s, nil
}

// close removes everything, also where a process that is left over still writes.
func (s *stage) close() {
	for range 20 {
		if tempdir.Remove(s.dir) == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func copyProgram(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o755)
}

// hooksABI is the need of vectors of hooks, which take no --min-abi.
const hooksABI = "Landlock ABI 3"

// look finds out whether a need is met here.
func (s *stage) look(need string) {
	if _, known := s.missing[need]; known {
		return
	}
	s.missing[need] = ""
	if need == hooksABI {
		if s.abi < enforce.DefaultABI {
			s.missing[need] = "hooks confine nothing on this kernel"
		}
		return
	}
	if need == "nix" || need == "old nix" {
		s.real.look()
		switch {
		case s.real.program == "":
			s.missing[need] = "there is no nix here"
		case need == "old nix" && !s.real.startsGit:
			s.missing[need] = "the nix here does not start git"
		}
		return
	}
	if _, err := exec.LookPath(need); err != nil {
		s.missing[need] = "there is no " + need + " here"
	}
}

// tries are two of each vector, or of each that needs a program: the attack and its twin.
func (s *stage) tries(program string) (all []*acrossTry) {
	for _, l := range leftovers() {
		if program != "" && !slices.ContainsFunc(l.needs, func(need string) bool { return strings.HasSuffix(need, program) }) {
			continue
		}
		moot := ""
		for _, need := range l.needs {
			if moot == "" {
				moot = s.missing[need]
			}
		}
		for _, twin := range []bool{false, true} {
			name := l.id
			if twin {
				name += "-twin"
			}
			all = append(all, &acrossTry{leftover: l, twin: twin, moot: moot, scene: s.scene(name)})
		}
	}
	return all
}

// plantAll has one confined process plant in all scenes: it may write their projects
// and nothing else.
func (s *stage) plantAll(tries []*acrossTry) error {
	var args []string
	for _, t := range tries {
		if t.moot != "" || t.err != nil || t.planting() == nil {
			continue
		}
		args = append(args, t.scene.dir)
	}
	if len(args) == 0 { // this machine lacks the program of every attack
		return nil
	}
	cmd := again("/proc/self/exe", append([]string{plantConfinedWord, s.dir}, args...)...)
	cmd.Dir = s.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("plant: %w: %s", err, out)
	}
	failed := map[string]string{}
	for line := range strings.Lines(string(out)) {
		dir, why, _ := strings.Cut(strings.TrimSpace(line), "\t")
		failed[dir] = why
	}
	for _, t := range tries {
		if why, ok := failed[t.scene.dir]; ok {
			t.err = errors.New("plant: " + why)
		}
	}
	return nil
}

func (t *acrossTry) planting() func(*scene) error {
	if t.twin {
		return t.leftover.twinPlant
	}
	return t.leftover.plant
}

// becomePlanter confines this process to the projects of scenes, as level dev does,
// and has it plant there.
func becomePlanter(args []string) error {
	stage, scenes := args[0], args[1:]
	level, err := devGrants(filepath.Join(stage, "store", attackerName, "bin", "attacker"))
	if err != nil {
		return err
	}
	grants := append(level, enforce.Grant{Path: filepath.Join(stage, "store"), Access: enforce.Read | enforce.Execute, Reason: "closure", NoFollow: true})
	for _, dir := range scenes {
		grants = append(grants, enforce.Grant{Path: filepath.Join(dir, "project"), Access: enforce.All, Reason: "project"})
	}
	p := enforce.Policy{Grants: grants, Network: enforce.Network{Any: true}, UnixSockets: true, MinABI: 1, BestEffort: true}
	self := filepath.Join(stage, "store", attackerName, "bin", "attacker")
	return p.Exec(enforce.Command{Path: self, Args: append([]string{self, plantWord}, scenes...), Env: []string{}, Dir: filepath.Join(scenes[0], "project")})
}

// plant plants in scenes, and prints those where it could not.
func plant(dirs []string) error {
	unix.Umask(0o022)
	for _, dir := range dirs {
		s := sceneAt(dir)
		name := filepath.Base(dir)
		t := acrossTry{twin: strings.HasSuffix(name, "-twin")}
		name = strings.TrimSuffix(name, "-twin")
		at := slices.IndexFunc(leftovers(), func(l leftover) bool { return l.id == name })
		if at < 0 {
			return fmt.Errorf("plant %s: there is no such vector", name)
		}
		t.leftover = leftovers()[at]
		if err := os.Chdir(s.project); err != nil {
			return err
		}
		if err := t.planting()(s); err != nil {
			fmt.Printf("%s\t%v\n", dir, err)
		}
	}
	return nil
}
