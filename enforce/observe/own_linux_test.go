package observe

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
)

// A socket that a watched process made is its own; one that was there, or that somebody
// else made, is not.
func TestOwnSocket(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	o := New(enforce.Policy{Grants: []enforce.Grant{{Path: dir, Access: enforce.Read | enforce.Write}}}, Unenforced)
	judge := func(call string, targets []target) int {
		denied, err := o.judgeAll(uint32(os.Getpid()), call, targets)
		if err != nil {
			t.Fatal(err)
		}
		return len(denied)
	}
	listen := func(name string) {
		l, err := net.Listen("unix", filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
	}
	bind := func(name string) int { return judge("bind", made(filepath.Join(dir, name), unix.AT_FDCWD, false)) }
	connect := func(name string) int {
		return judge("connect", []target{plain(filepath.Join(dir, name), unix.AT_FDCWD, enforce.Connect, socket)})
	}
	bind("own")
	listen("own")
	listen("other")
	listen("taken")
	bind("taken") // fails
	for name, want := range map[string]int{"own": 0, "other": 1, "taken": 1} {
		if got := connect(name); got != want {
			t.Errorf("%s: %d denials, want %d", name, got, want)
		}
	}
}

// To list /etc counts for nothing, to read a file in it counts.
func TestNamesInEtc(t *testing.T) {
	o := New(enforce.Policy{}, Unenforced)
	for path, want := range map[string]int{"/etc": 0, "/etc/": 0, "/etc/passwd": 1, "/usr": 1} {
		denied, err := o.judgeAll(uint32(os.Getpid()), "openat", opened(path, unix.AT_FDCWD, unix.O_RDONLY, 0))
		if err != nil || len(denied) != want {
			t.Errorf("%s: %d denials, want %d (%v)", path, len(denied), want, err)
		}
	}
}

// Lists of character sets count for nothing, the libraries that convert them count.
func TestListed(t *testing.T) {
	for path, want := range map[string]bool{
		"/usr/lib/x86_64-linux-gnu/gconv/gconv-modules.d/gconv-modules-extra.conf": true,
		"/usr/lib/x86_64-linux-gnu/gconv/gconv-modules.cache":                      true,
		"/usr/lib64/gconv/gconv-modules":                                           true,
		"/usr/share/locale/locale.alias":                                           true,
		"/usr/lib/x86_64-linux-gnu/gconv/UTF-32.so":                                false,
		"/usr/share/locale/de/LC_MESSAGES/coreutils.mo":                            false,
		"/home/me/usr/share/locale/locale.alias":                                   false,
	} {
		if listed().MatchString(path) != want {
			t.Errorf("%s: want %v", path, want)
		}
	}
}

// Files in /proc that debuggers and JVMs do without count for nothing of their own
// processes, and count of other processes.
func TestDoneWithout(t *testing.T) {
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { child.Process.Kill(); child.Wait() })
	o := New(enforce.Policy{Grants: []enforce.Grant{{Path: "/proc", Access: enforce.Read}}}, Unenforced)
	own := os.Getpid()
	for path, want := range map[string]int{
		"/proc/self/mem": 0,
		fmt.Sprintf("/proc/%d/coredump_filter", own):              0,
		fmt.Sprintf("/proc/%d/mem", child.Process.Pid):            0,
		fmt.Sprintf("/proc/%d/task/%[1]d/mem", child.Process.Pid): 0,
		fmt.Sprintf("/proc/%d/oom_score_adj", own):                1,
		fmt.Sprintf("/proc/%d/coredump_filter", os.Getppid()):     1,
		fmt.Sprintf("/proc/%d/oom_score_adj", child.Process.Pid):  1,
	} {
		denied, err := o.judgeAll(uint32(own), "openat", opened(path, unix.AT_FDCWD, unix.O_WRONLY, 0))
		if err != nil || len(denied) != want {
			t.Errorf("%s: %d denials, want %d (%v)", path, len(denied), want, err)
		}
	}
}
