package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/fixtures"
)

// Commands to run in every hostile project. Those of the second list read most. Its first
// starts Nix, and runs with every version. It and the last three, which obey the project, also
// run as another user.
var (
	hostileCommands = [][]string{
		{"audit", "--", "true"}, {"learn", "--", "true"}, {"trace", "--", "true"}, {"shell"}, {"shims"}, {"closure"}, {"explain", "flake.nix"},
		{"config", "check"}, {"config", "schema"}, {"which", "./program"}, {"exec", "--file", "shell.nix", "--", "true"}, {"exec", "--from-env", "--", "true"},
		{"exec", "--no-project", "--", "true"}, {"hook", "bash"}, {"hook", "direnv"}, {"hook", "enter-shell"}, {"__hook-env", "zsh", "", ""}, {"__hook-env", "fish", "", ""},
		{"__hook-line", "bash", "./program"}, {"__hook-line", "zsh", "result/bin/x"}, {"version"}, {"init"}, {"deny"}, {"gc"},
	}
	hostileMost = [][]string{
		{"exec", "--", "true"}, {"policy"}, {"doctor"}, {"__hook-env", "bash", "", ""}, {"direnv-env"}, {"allow"}, {"__hook-env", "bash", "", ""}, {"direnv-env"},
	}
)

// Whatever a clone or a tarball contains: none of it runs outside, no command hangs, purity's
// own memory stays small, and purity prints no character that terminals obey.
func TestHostile(t *testing.T) {
	t.Parallel()
	testHostile(t, self(t))
}

func TestSlowHostile(t *testing.T) {
	t.Parallel()
	testHostile(t, someOthers(t)...)
}

func testHostile(t *testing.T, all ...user) {
	var slowest struct {
		sync.Mutex
		took time.Duration
		what string
	}
	newest := fixtures.Newest(t).Version
	for _, u := range all {
		var commands [][]string
		switch {
		case u.nix.Version != newest:
			commands = hostileMost[:1]
		case u.attr != nil:
			commands = slices.Concat(hostileMost[:1], hostileMost[len(hostileMost)-3:])
		default:
			commands = slices.Concat(hostileMost[:3], hostileCommands, hostileMost[3:])
		}
		for _, h := range append(fixtures.Hostiles(), fixtures.Benign) {
			t.Run(u.nix.Version+"/"+u.name+"/"+h.Name, func(t *testing.T) {
				t.Parallel()
				v := newVisit(t, u, h)
				for _, args := range commands {
					took := v.try(args)
					slowest.Lock()
					if took > slowest.took {
						slowest.took, slowest.what = took, t.Name()+" "+strings.Join(args, " ")
					}
					slowest.Unlock()
				}
			})
		}
	}
	t.Cleanup(func() { t.Logf("the slowest, with Nix and others at work: %s, %v", slowest.what, slowest.took) })
}

// visit is a user in a hostile project.
type visit struct {
	*testing.T
	user
	project       fixtures.Hostile
	where, canary string
}

func newVisit(t *testing.T, u user, h fixtures.Hostile) visit {
	base := filepath.Join(u.dir, "hostile-"+h.Name)
	home := filepath.Join(base, "home")
	if err := os.MkdirAll(home, 0o755); err != nil {
		t.Fatal(err)
	}
	v := visit{T: t, user: u, project: h, canary: filepath.Join(base, "canary"), where: filepath.Join(base, "project", h.Below)}
	if err := h.Make(filepath.Join(base, "project"), v.canary); err != nil {
		t.Fatal(err)
	}
	if u.attr != nil {
		chown(t, base)
	}
	v.environ = append(slices.Clone(u.environ), "HOME="+home, "C="+v.canary, "XDG_RUNTIME_DIR=")
	return v
}

// maxVisit is more time than any command takes on any machine; maxVisitKiB limits purity's
// own memory.
const (
	maxVisit    = 2 * time.Minute
	maxVisitKiB = 100 << 10 // in KiB
)

// try runs purity and checks the outcome.
func (v visit) try(args []string) time.Duration {
	cmd := v.command(v.T, v.where, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &stdout, &stderr, time.Second
	attr := syscall.SysProcAttr{Setsid: true}
	if cmd.SysProcAttr != nil {
		attr.Credential = cmd.SysProcAttr.Credential
	}
	cmd.SysProcAttr = &attr
	began := time.Now()
	if err := cmd.Start(); err != nil {
		v.Fatal(err)
	}
	alarm := time.AfterFunc(maxVisit, func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	stop := make(chan struct{})
	peak := make(chan int)
	go func() { peak <- watchMemory(cmd.Process.Pid, stop) }()
	cmd.Wait() // the code says how it ended
	close(stop)
	took := time.Since(began)
	fault := func(format string, more ...any) {
		v.Errorf("purity %s: %s\n%.1000s", strings.Join(args, " "), fmt.Sprintf(format, more...), stderr.String())
	}
	if !alarm.Stop() {
		fault("it hangs")
	}
	if kib := <-peak; kib > maxVisitKiB {
		fault("it takes %d KiB of memory", kib)
	}
	if !slices.Contains([]int{0, 1, words.Failure, words.NotExecutable, words.NotFound}, cmd.ProcessState.ExitCode()) && args[0] != "__hook-line" {
		fault("%s", cmd.ProcessState)
	}
	said := stderr.String()
	if !strings.HasPrefix(args[0], "hook") && args[0] != "direnv-env" { // shells read their output
		said += stdout.String()
	}
	if at := strings.IndexFunc(said, obeyed); at >= 0 {
		fault("it prints %q", said[max(0, at-20):min(len(said), at+20)])
	}
	if ran, err := os.ReadFile(v.canary); err == nil {
		fault("programs ran: %s", ran)
		os.Remove(v.canary)
	}
	if v.project.Name == "benign" && args[0] == "exec" && len(args) == 3 && !strings.Contains(said, fixtures.Evaluated) {
		fault("Nix does not evaluate it")
	}
	return took
}

// obeyed reports whether terminals obey a character.
func obeyed(r rune) bool {
	return r < ' ' && r != '\n' && r != '\t' || r == 0x7f || 0x80 <= r && r < 0xa0
}

// watchMemory returns the most memory, in KiB, that it sees a process take while that
// runs purity.
func watchMemory(pid int, stop <-chan struct{}) (most int) {
	status := fmt.Sprintf("/proc/%d/status", pid)
	for {
		select {
		case <-stop:
			return most
		case <-time.After(20 * time.Millisecond):
		}
		data, _ := os.ReadFile(status) // absent once it has ended
		name, rest, _ := strings.Cut(string(data), "\n")
		if !strings.Contains(name, "purity") {
			continue
		}
		_, rest, _ = strings.Cut(rest, "VmHWM:")
		field, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		if kib, err := strconv.Atoi(field); err == nil {
			most = max(most, kib)
		}
	}
}
