package selftest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/view"
)

// Result is the outcome of one vector.
type Result struct {
	ID    string `json:"id" doc:"The name of the attack."`
	Group string `json:"group" doc:"What it attacks."`
	What  string `json:"what" doc:"What it tries."`
	// Status is the outcome, Expected the one that should be.
	Status   Status `json:"status" doc:"What came of it."`
	Expected Status `json:"expected" doc:"What this version of purity says comes of it."`
	// Refused is the error that the attack met, empty where it worked.
	Refused string `json:"refused,omitempty" doc:"What the kernel answered."`
	// Moot attacks fail on this machine without any confinement, too.
	Moot string `json:"moot,omitempty" doc:"Why it fails here without purity, too."`
	// Twin is the error of the twin, empty if it works.
	Twin string `json:"twin,omitempty" doc:"How the thing like it that must work failed."`
	// Remedy names the guard that would stop an open one, or why nothing does.
	Remedy string `json:"remedy,omitempty" doc:"What would stop it."`
}

// Wrong reports whether the outcome is not the expected one.
func (r Result) Wrong() bool { return r.Twin != "" || r.Status != r.Expected && r.Moot == "" }

// Report is the outcome of a whole test of one policy.
type Report struct {
	Policy  string   `json:"policy" doc:"The level, or across runs."`
	ABI     int      `json:"abi" doc:"Of Landlock."`
	Root    bool     `json:"root" doc:"Whether root attacked."`
	Results []Result `json:"results" doc:"One for each attack."`
}

// Count is how many results have a status.
func (r Report) Count(s Status) (n int) {
	for _, result := range r.Results {
		if result.Status == s {
			n++
		}
	}
	return n
}

// Run attacks every policy of [Variants] on this machine.
func Run() ([]Report, error) {
	k := enforce.Probe()
	if k.Err != nil {
		return nil, k.Err
	}
	variants := append([]Variant{{}}, Variants()...) // the first without confinement
	tried := make([]map[string]attempt, len(variants))
	errs := make([]error, len(variants))
	var wait sync.WaitGroup
	places := make(chan struct{}, worldsAtOnce())
	for i, v := range variants {
		wait.Go(func() {
			places <- struct{}{}
			tried[i], errs[i] = try(v, k.ABI)
			<-places
		})
	}
	wait.Wait()
	var reports []Report
	for i, v := range variants {
		if errs[i] != nil {
			return nil, errs[i]
		}
		if i > 0 {
			reports = append(reports, report(v, k.ABI, tried[0], tried[i]))
		}
	}
	return reports, nil
}

// worldsAtOnce is one where few descriptors can be open: a world takes some forty.
func worldsAtOnce() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err == nil && limit.Cur < 256 {
		return 1
	}
	return 1 + len(Variants())
}

// report compares outcomes with the expected ones.
func report(v Variant, abi int, bare, confined map[string]attempt) Report {
	r := Report{Policy: v.Name, ABI: abi, Root: os.Getuid() == 0}
	c := v.On(abi, r.Root)
	if _, err := os.Stat("/dev/mqueue"); err != nil {
		c.Queues = false
	}
	for _, vector := range Vectors() {
		a, ok := confined[vector.ID]
		if !ok {
			continue // for root
		}
		result := Result{ID: vector.ID, Group: vector.Group, What: vector.What, Expected: vector.Expected(c), Refused: a.Attack, Twin: a.Twin, Moot: bare[vector.ID].Attack}
		switch {
		case a.Attack != "":
			result.Status = Stopped
		case result.Expected == Design:
			result.Status = Design
		default:
			result.Status = Open
		}
		if result.Status != Stopped {
			result.Remedy = vector.Remedy(c)
		}
		r.Results = append(r.Results, result)
	}
	return r
}

// timeout ends an attack that hangs, which none should; a slow machine takes a minute.
const timeout = 5 * time.Minute

// try makes a world and has everything tried in it; without a name, without
// confinement.
func try(v Variant, abi int) (map[string]attempt, error) {
	w, err := newWorld()
	if err != nil {
		return nil, err
	}
	defer w.close()
	w.Unix, w.ABI = v.Unix, abi
	if v.View {
		if w.Layered, err = w.canLayer(); err != nil {
			return nil, err
		}
	}
	shown, err := viewOf("dev").in(w)
	if err != nil {
		return nil, err
	}
	w.Ungranted = ungranted(append(view.View{}.Policy(shown).Grants, shown.Grants...))
	text, err := w.encode()
	if err != nil {
		return nil, err
	}
	word := attackWord
	if v.Name != "" {
		word = confineWord
	}
	cmd := again("/proc/self/exe", word)
	cmd.Env = []string{worldVariable + "=" + text, variantVariable + "=" + v.Name, "HOME=" + w.Project}
	cmd.Dir = w.Project
	cmd.ExtraFiles = w.files
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	if master, slave, err := terminal(); err == nil {
		defer master.Close()
		defer slave.Close()
		cmd.Stdin = slave
		cmd.SysProcAttr.Setctty = true
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the attacker: %w", err)
	}
	alarm := time.AfterFunc(timeout, func() { cmd.Process.Kill() })
	err = cmd.Wait()
	alarm.Stop()
	if err != nil {
		return nil, fmt.Errorf("attack: %w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	tried := map[string]attempt{}
	for lines := bufio.NewScanner(&stdout); lines.Scan(); {
		var a attempt
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			return nil, fmt.Errorf("read what the attacker says: %w", err)
		}
		tried[a.ID] = a
	}
	for _, vector := range Vectors() {
		if a, ok := tried[vector.ID]; ok && vector.reached != nil && a.Attack == "" {
			a.Attack = describe(vector.reached, w)
			tried[vector.ID] = a
		}
	}
	return tried, nil
}
