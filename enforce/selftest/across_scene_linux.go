package selftest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
)

// scene is a machine in small for one vector across runs: a user with a HOME, a
// project, and the files outside of it.
type scene struct {
	dir     string
	project string // that commands write; a flake
	outside string // that they must not reach
	home    string // the user's
	bin     string // the user's programs: a stand-in for Nix
	canary  string // a file outside that a program makes that was run unconfined
	store   string

	program string   // purity; empty for the attacker
	environ []string // more, for purity and for shells
	nix     *realNix // that is used instead of the stand-in, nil for none
}

func sceneAt(dir string) *scene {
	in := func(name string) string { return filepath.Join(dir, name) }
	return &scene{
		dir: dir, project: in("project"), outside: in("outside"), home: in("home"), bin: in("bin"),
		canary: in("outside/canary"), store: filepath.Join(filepath.Dir(dir), "store"),
	}
}

func (st *stage) scene(name string) *scene {
	s := sceneAt(filepath.Join(st.dir, name))
	s.program = st.program
	if st.abi < enforce.DefaultABI {
		s.environ = append(s.environ, "PURITY_MIN_ABI=1")
	}
	if st.real.program != "" {
		s.nix = &st.real
	}
	return s
}

// make makes the files from before the command runs.
func (s *scene) make(l leftover) error {
	for _, d := range []string{s.project, s.outside + "/shared", s.outside + "/sub", s.home, s.bin, s.dir + "/tmp", s.dir + "/run"} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return err
		}
	}
	if !strings.Contains(strings.Join(l.needs, " "), "nix") {
		s.nix = nil
		for _, name := range []string{"nix", "nix-store"} {
			if err := os.Symlink(s.program, filepath.Join(s.bin, name)); err != nil {
				return err
			}
		}
		if err := s.environment(nil); err != nil {
			return err
		}
	}
	for _, name := range []string{"file", "shared/file"} {
		if err := os.WriteFile(s.outside+"/"+name, []byte(secret), 0o644); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{
		"flake.nix":  "{ outputs = _: throw \"" + evaluated + "\"; }\n",
		"flake.lock": "{ \"nodes\": { \"root\": {} }, \"root\": \"root\", \"version\": 7 }\n",
		"file":       "of the project\n",
	} {
		if err := os.WriteFile(filepath.Join(s.project, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	if l.setup != nil {
		return l.setup(s)
	}
	return nil
}

// evaluated is Nix's message after it has evaluated the project.
const evaluated = "the flake was evaluated"

// write writes a file of the project, executable if it is a script.
func (s *scene) write(name, text string) error {
	file := s.project + "/" + name
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	mode := os.FileMode(0o644)
	if strings.HasPrefix(text, "#!") {
		mode = 0o755
	}
	return os.WriteFile(file, []byte(text), mode)
}

// add adds to a file of the project.
func (s *scene) add(name, text string) error {
	file, err := os.OpenFile(s.project+"/"+name, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}

// planted is a program of the project's that makes the canary, where it may.
func (s *scene) planted(name string) error {
	return s.write(name, "#!/bin/sh\necho \"$0\" >>'"+s.canary+"'\n")
}

// ran is nil if a planted program ran unconfined.
func (s *scene) ran(after outcome) error {
	if _, err := os.Lstat(s.canary); err == nil {
		return nil
	}
	return fmt.Errorf("nothing planted ran%s", after.tail())
}

// outcome is the outcome of a program.
type outcome struct {
	stdout, stderr string
	code           int
	hung           bool
	memory         int64 // most of it, in bytes
}

// tail is the end of a program's output, for people.
func (o outcome) tail() string {
	text := strings.TrimSpace(o.stderr)
	if text == "" {
		return ""
	}
	return ": " + text[strings.LastIndexByte(text, '\n')+1:]
}

// ok is nil for a program that ended well.
func (o outcome) ok() error {
	if o.hung || o.code != 0 {
		return fmt.Errorf("exit code %d, hung %v%s", o.code, o.hung, o.tail())
	}
	return nil
}

// Limits of one purity: generous, so that a slow machine never meets them.
const (
	patience  = 3 * time.Minute
	maxMemory = 256 << 20
	allMemory = 1 << 30 // where the kernel stops it
)

// environment of the user, in which all of purity's own is in the scene.
func (s *scene) user() []string {
	path := s.bin
	stateDir := s.dir + "/nix"
	if s.nix != nil {
		path = filepath.Dir(s.nix.program)
	}
	environ := []string{
		"HOME=" + s.home, "XDG_CACHE_HOME=" + s.home + "/.cache", "XDG_STATE_HOME=" + s.home + "/.local/state", "XDG_CONFIG_HOME=" + s.home + "/.config",
		"XDG_RUNTIME_DIR=" + s.dir + "/run", "TMPDIR=" + s.dir + "/tmp", "PATH=" + path + ":" + os.Getenv("PATH"), "LC_ALL=C", "TERM=dumb",
		"NIX_STORE_DIR=" + s.store, "NIX_STATE_DIR=" + stateDir, "NIX_LOG_DIR=" + stateDir + "/log", "NIX_CONF_DIR=" + stateDir + "/conf",
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
	}
	if s.nix != nil {
		environ = append(environ, s.nix.environ(s)...)
	}
	for _, name := range []string{"LD_LIBRARY_PATH", "FPATH", "ZSH_MODULES"} { // of shells that are not installed
		if value, ok := os.LookupEnv(name); ok {
			environ = append(environ, name+"="+value)
		}
	}
	return append(environ, s.environ...)
}

// run runs a program of the user's in the project.
func (s *scene) run(program string, args ...string) outcome {
	return s.runIn(s.project, nil, program, args...)
}

// purity runs purity in the project.
func (s *scene) purity(args ...string) outcome { return s.run(s.program, args...) }

// runIn runs a program in a directory, with descriptors from 3 on.
func (s *scene) runIn(dir string, files []*os.File, program string, args ...string) (o outcome) {
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env, cmd.ExtraFiles = dir, s.user(), files
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second // for processes in the background with our pipes
	if err := cmd.Start(); err != nil {
		return outcome{stderr: err.Error(), code: -1}
	}
	if s.nix == nil { // which reserves more
		limit := &unix.Rlimit{Cur: allMemory, Max: allMemory}
		unix.Prlimit(cmd.Process.Pid, unix.RLIMIT_DATA, limit, nil)
	}
	alarm := time.AfterFunc(patience, func() {
		o.hung = true
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	})
	cmd.Wait() // the code says how it ended
	if !alarm.Stop() {
		o.hung = true
	}
	o.stdout, o.stderr, o.code = stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		o.memory = usage.Maxrss << 10
	}
	return o
}

// waited is nil if a program hung or filled the memory.
func (o outcome) waited() error {
	if o.hung || o.memory > maxMemory {
		return nil
	}
	return fmt.Errorf("it ended with exit code %d%s", o.code, o.tail())
}

// reach is nil if a command that purity runs with flags could do something (acts).
func (s *scene) reach(flags []string, what ...string) error {
	return s.reached(s.purity(s.reachArgs(flags, what...)...))
}

func (s *scene) reachArgs(flags []string, what ...string) []string {
	args := append([]string{"exec"}, flags...)
	return append(append(args, "--", "attacker", reachWord), what...)
}

func (*scene) reached(o outcome) error {
	if o.code == 0 && !o.hung {
		return nil
	}
	return fmt.Errorf("exit code %d%s", o.code, o.tail())
}

// devGrants are the grants of level dev, with the files that start the attacker.
func devGrants(self string) ([]enforce.Grant, error) {
	level, _ := host.FindLevel(host.DefaultLevel)
	grants, err := level.Grants()
	if err != nil {
		return nil, err
	}
	loader, err := host.Shell(self)
	return append(grants, loader...), err
}
