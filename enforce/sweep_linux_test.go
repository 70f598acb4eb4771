package enforce_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/nix-purity/purity/enforce"
)

// gone waits until a directory is empty.
func gone(dir string) bool {
	for range 1500 { // the machine may be busy
		if entries, err := os.ReadDir(dir); err == nil && len(entries) == 0 {
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return false
}

// The temporary directory goes when the command ends, however that happens,
// and the command never meets the process that removes it.
func TestSweep(t *testing.T) {
	w := newWorld(t)
	parent := w.dir + "/temp"
	must(t, os.Mkdir(parent, 0o700))
	p := w.policy(t)
	p.Grants = append(p.Grants, Grant{Path: parent, Access: all, Reason: "temporary"})
	tests := []struct{ name, script, want string }{
		{"it exits", "ls -d " + parent + "/run-* >/dev/null && echo there", "there\n"},
		{"it is killed", "kill -KILL $$", ""},
		{"it leaves what is hard to remove", "cd " + parent + "/run-*; mkdir -p a/b; touch a/b/c; chmod 0 a/b a; echo made", "made\n"},
		{"it waits for all its children", "wait; echo waited", "waited\n"},
		{"a child outlives it", "(exec >/dev/null 2>&1; sleep 60) & echo away", "away\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := p
			for _, tool := range []string{"/bin/ls", "/bin/sleep", "/bin/mkdir", "/bin/touch", "/bin/chmod", "/usr/lib", "/lib"} {
				p.Grants = append(p.Grants, Grant{Path: tool, Access: Read | Execute, Reason: "test"})
			}
			start := time.Now()
			out, _ := confined(t, job{Policy: p, Dir: w.project, Temp: parent, Args: []string{"/bin/sh", "-c", tt.script}}, nil)
			if out != tt.want {
				t.Errorf("output %q, want %q", out, tt.want)
			}
			if d := time.Since(start); d > 30*time.Second {
				t.Errorf("the output ends after %v: something holds it open", d)
			}
			if !gone(parent) {
				t.Error("the temporary directory is still there")
			}
		})
	}
}

// The next run removes the directory of a run that was cut short, even if it leaves its own empty.
// The directory of a running process stays.
func TestSweepBeside(t *testing.T) {
	w := newWorld(t)
	parent := w.dir + "/temp"
	must(t, os.Mkdir(parent, 0o700))
	must(t, os.MkdirAll(parent+"/run-999999999-7-5/left", 0o700))
	mine := fmt.Sprintf("%s/run-%d--5", parent, os.Getpid())
	must(t, os.Mkdir(mine, 0o700))
	confined(t, job{Policy: w.policy(t), Dir: w.project, Temp: parent, Args: []string{"/bin/sh", "-c", ":"}}, nil)
	for range 1500 { // the machine may be busy
		if entries, err := os.ReadDir(parent); err == nil && len(entries) == 1 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	entries, err := os.ReadDir(parent)
	must(t, err)
	if len(entries) != 1 || entries[0].Name() != filepath.Base(mine) {
		t.Errorf("left are %v, want %s", entries, filepath.Base(mine))
	}
}

// wait(2) for any child finds none: ECHILD at once.
func TestSweeperIsNoChild(t *testing.T) {
	source := filepath.Join(t.TempDir(), "wait.c")
	program := strings.TrimSuffix(source, ".c")
	must(t, os.WriteFile(source, []byte("#include <sys/wait.h>\n#include <errno.h>\n#include <unistd.h>\nint main(void) { alarm(5); return wait(0) == -1 && errno == ECHILD ? 0 : 1; }\n"), 0o644))
	if out, err := exec.Command("gcc", "-static", "-o", program, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	w := newWorld(t)
	data, err := os.ReadFile(program)
	must(t, err)
	must(t, os.WriteFile(w.project+"/wait", data, 0o755))
	parent := w.dir + "/temp"
	must(t, os.Mkdir(parent, 0o700))
	out, code := confined(t, job{Policy: w.policy(t), Dir: w.project, Temp: parent, Args: []string{w.project + "/wait"}}, nil)
	if code != 0 {
		t.Errorf("exit code %d, want 0\n%s", code, out)
	}
	if !gone(parent) {
		t.Error("the temporary directory is still there")
	}
}
