package view

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/parent"
	"github.com/nix-purity/purity/enforce/tempdir"
)

func init() { runtime.LockOSThread() }

// TestMain is also the init of views, and the program that starts them: TEST in DIR SCRIPT
// runs a script of the host's shell in a view of DIR.
func TestMain(m *testing.M) {
	if code, ok := RunPart(os.Args); ok {
		os.Exit(code)
	}
	if len(os.Args) == 3 && os.Args[1] == "connect" {
		os.Exit(connect(os.Args[2]))
	}
	if len(os.Args) == 4 && os.Args[1] == "refused" {
		os.Exit(runRefused(os.Args[2], os.Args[3]))
	}
	if len(os.Args) == 4 && os.Args[1] == "in" {
		os.Exit(runScript(os.Args[2], os.Args[3]))
	}
	os.Exit(m.Run())
}

// host grants the host's programs at their places; they stand for a closure.
func host() []enforce.Grant {
	var grants []enforce.Grant
	for _, path := range []string{"/bin/sh", "/bin/cat", "/bin/ls", "/bin/sleep", "/bin/kill", "/bin/mkdir", "/bin/mv", "/bin/rm", "/bin/stty", "/usr/bin/id", "/usr/bin/env", "/usr/bin/tty", "/usr/bin/touch", "/lib/x86_64-linux-gnu", "/lib64/ld-linux-x86-64.so.2"} {
		grants = append(grants, enforce.Grant{Path: path, Access: enforce.Read | enforce.Execute, Reason: "closure"})
	}
	for _, path := range []string{"/dev/null", "/dev/zero", "/dev/tty"} {
		grants = append(grants, enforce.Grant{Path: path, Access: enforce.Read | enforce.Write | enforce.Ioctl, Optional: true})
	}
	return grants
}

func runScript(dir, script string) int {
	program := filepath.Join(filepath.Dir(dir), "program")
	p := enforce.Policy{Grants: append(host(), enforce.Grant{Path: program, Access: enforce.Read | enforce.Execute}, enforce.Grant{Path: dir, Access: enforce.All, Reason: "project", Resolved: true}), BestEffort: true}
	p.Network.Any, p.UnixSockets = os.Getenv("NETWORK") != "none", true
	if store := os.Getenv("STORE"); store != "" {
		p.Grants = append(p.Grants, closure(store)...)
	}
	if os.Getenv("ALONE") != "" {
		fmt.Fprintln(os.Stderr, p.Exec(enforce.Command{Path: "/bin/sh", Args: []string{"sh", "-c", script}, Env: []string{"PATH=/bin:/usr/bin"}, Dir: dir}))
		return 125
	}
	v := View{Etc: map[string]string{"passwd": "user:x:1:1:::\n"}, Protected: []string{filepath.Join(dir, ".git/hooks"), filepath.Join(dir, "flake.nix")}}
	if upper := os.Getenv("OVERLAY"); upper != "" {
		v.Overlay = Layers{Dir: dir, Upper: upper, Work: upper + "-work"}
	}
	for _, path := range filepath.SplitList(os.Getenv("WRITE")) {
		p.Grants = append(p.Grants, enforce.Grant{Path: path, Access: enforce.All, Reason: "purity.toml:1"})
	}
	status, err := Run(Job{View: v, Policy: v.Policy(p), Command: enforce.Command{Path: "/bin/sh", Args: []string{"sh", "-c", script}, Env: []string{"PATH=/bin:/usr/bin", "PROGRAM=" + program}, Dir: dir}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 125
	}
	if status.Signaled() {
		parent.Die(status.Signal())
	}
	return status.ExitStatus()
}

// runners are the users that run a test: this one, and if that is root, also nobody.
func runners() map[string]*syscall.SysProcAttr {
	all := map[string]*syscall.SysProcAttr{"self": nil}
	if os.Getuid() == 0 {
		all["nobody"] = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	return all
}

// world is a directory that a runner may write, and the test program for it.
func world(t *testing.T, attr *syscall.SysProcAttr) (dir, program string) {
	t.Helper()
	top, err := os.MkdirTemp("", "view-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tempdir.Remove(top) })
	if top, err = filepath.EvalSymlinks(top); err != nil {
		t.Fatal(err)
	}
	os.Chmod(top, 0o755)
	data, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	dir, program = filepath.Join(top, "project"), filepath.Join(top, "program")
	if err := os.WriteFile(program, data, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, ".git", "hooks"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"flake.nix", "main.c"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if attr != nil {
		filepath.WalkDir(dir, func(path string, _ os.DirEntry, _ error) error { return os.Chown(path, 65534, 65534) })
	}
	return dir, program
}

// inView runs a script in a view and returns its output.
func inView(t *testing.T, attr *syscall.SysProcAttr, script string, environ ...string) (string, *os.ProcessState) {
	t.Helper()
	dir, program := world(t, attr)
	cmd := exec.Command(program, "in", dir, script)
	cmd.SysProcAttr, cmd.Env = attr, append(os.Environ(), environ...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState
}

// A view has the granted paths at their places, and no other file of the host.
func TestView(t *testing.T) {
	const script = `
for f in / /usr /usr/bin /etc /dev/shm /tmp; do echo $f: $(ls $f); done
for f in /etc/shadow /usr/include /root /home /sys /var /usr/bin/gcc /etc/issue.net /etc/hostname; do test -e $f && echo there: $f; done
cat main.c && echo && cat /etc/passwd
echo x > new && cat new && echo y > /tmp/y && cat /tmp/y && echo z > /dev/shm/z && cat /dev/shm/z
echo q > /null; echo q > /etc/new
echo id $(id -u), of $(cat /proc/sys/kernel/hostname)
test $$ -lt 100 && test -e /proc/1/stat && echo own processes
`
	t.Setenv("TMPDIR", "/tmp") // the list of / has no other directory above the project
	for name, attr := range runners() {
		t.Run(name, func(t *testing.T) {
			os.WriteFile("/tmp/view-outside", nil, 0o600)
			defer os.Remove("/tmp/view-outside")
			out, state := inView(t, attr, script)
			uid := "0"
			if attr != nil {
				uid = "65534"
			} else if os.Getuid() != 0 {
				uid = fmt.Sprint(os.Getuid())
			}
			want := []string{
				"/: bin dev etc lib lib64 proc tmp usr", "/usr: bin lib lib64",
				"/usr/bin: cat dash env id kill ls mkdir mv rm sh sleep stty touch tty", "/etc: passwd", "/dev/shm:", "/tmp:",
				"main.c", "user:x:1:1:::", "x", "y", "z",
				"sh: 6: cannot create /null: Read-only file system", "sh: 6: cannot create /etc/new: Read-only file system",
				"id " + uid + ", of localhost", "own processes",
			}
			got := strings.Split(strings.TrimSpace(out), "\n")
			for i, line := range got { // the project is in a directory of the host, too
				if strings.HasPrefix(line, "/tmp:") || strings.HasPrefix(line, "/: ") {
					got[i] = strings.Join(slices.DeleteFunc(strings.Fields(line), func(s string) bool { return strings.HasPrefix(s, "view-") && s != "view-outside" }), " ")
				}
			}
			if !slices.Equal(got, want) || !state.Success() {
				t.Errorf("%v\n%s\nwant\n%s", state, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// In the writable project, files that run later outside are read-only, and no rename makes
// room for others. All other files can be written.
func TestProtected(t *testing.T) {
	const script = `
for c in 'echo x > flake.nix' 'mv main.c flake.nix' 'rm flake.nix' 'echo x > .git/hooks/post' 'mv .git .old' 'mv .git/hooks .git/h' 'touch .git/hooks/new'; do
	(eval "$c") 2>/dev/null && echo "done: $c"
done
for c in 'echo x > .git/index' 'mv .git/index .git/moved' 'echo x > main.c' 'mv main.c other.c' 'mkdir sub' 'echo x > sub/flake.nix'; do
	(eval "$c") || echo "not done: $c"
done
`
	for name, attr := range runners() {
		if out, state := inView(t, attr, script); out != "" || !state.Success() {
			t.Errorf("%s: %v\n%s", name, state, out)
		}
	}
}

func TestStatus(t *testing.T) {
	for name, attr := range runners() {
		for script, want := range map[string]string{
			"exit 7": "exit status 7", "true": "exit status 0", "kill -TERM $$": "signal: terminated", "kill -9 $$": "signal: killed",
			"sleep 1000 & exit 3": "exit status 3", // which ends with the command
		} {
			if out, state := inView(t, attr, script); state.String() != want {
				t.Errorf("%s, %s: %s, want %s\n%s", name, script, state, want, out)
			}
		}
	}
}

// A signal to purity alone reaches the command. When either has ended, no process is left.
func TestSignals(t *testing.T) {
	for name, attr := range runners() {
		dir, program := world(t, attr)
		for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGKILL} {
			cmd := exec.Command(program, "in", dir, "trap 'echo got; exit 5' TERM USR1; echo ready > ready; while :; do sleep 0.05; done")
			cmd.SysProcAttr = attr
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for range 200 {
				if _, err := os.Stat(dir + "/ready"); err == nil {
					break
				}
				time.Sleep(20 * time.Millisecond)
			}
			cmd.Process.Signal(signal)
			cmd.Wait()
			want := "exit status 5 got\n"
			if signal == syscall.SIGKILL {
				want = "signal: killed "
			}
			if got := cmd.ProcessState.String() + " " + out.String(); got != want {
				t.Errorf("%s, %v: %s, want %s", name, signal, got, want)
			}
			os.Remove(dir + "/ready")
		}
		left(t, dir)
	}
}

// left fails if a process stays in a directory; a killed view has a while to end.
func left(t *testing.T, dir string) {
	t.Helper()
	for range 100 {
		found := ""
		files, _ := filepath.Glob("/proc/[0-9]*/cwd")
		for _, file := range files {
			if target, err := os.Readlink(file); err == nil && target == dir {
				found = file
			}
		}
		if found == "" {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("a process is left in %s", dir)
}

// Whenever purity is killed, nothing of the view is left.
func TestKilled(t *testing.T) {
	for name, attr := range runners() {
		dir, program := world(t, attr)
		before, _ := os.ReadFile("/proc/self/mountinfo")
		for range 20 {
			cmd := exec.Command(program, "in", dir, "sleep 1000 & sleep 1000")
			cmd.SysProcAttr = attr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(rand.IntN(int(100 * time.Millisecond))))
			cmd.Process.Kill()
			cmd.Wait()
		}
		left(t, dir)
		if after, _ := os.ReadFile("/proc/self/mountinfo"); string(after) != string(before) {
			t.Errorf("%s: mounts are left: %s", name, after)
		}
	}
}

func TestAvailable(t *testing.T) {
	if err := Available(); err != nil {
		t.Error(err, err.(*RefusedError).Fix)
	}
}
