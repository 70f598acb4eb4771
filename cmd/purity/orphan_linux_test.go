package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nix-purity/purity/fixtures"
)

// orphan is a child of a command that acts when the watcher is gone: it makes watched and
// other calls.
const orphan = `
import errno, os, sys, time
def attempt(f, *args):
    try: f(*args); return "done"
    except OSError as e: return errno.errorcode[e.errno]
def start(file):
    child = os.fork()
    if child: return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os._exit({"ENOSYS": 3, "EACCES": 4}.get(attempt(os.execv, file, [file]), 5))
out, true, outside = open("orphan", "w", buffering=1), sys.argv[1], sys.argv[2]
if os.fork() == 0:
    while not os.path.exists("gone"): time.sleep(0.05)
    everything = [start(true), start("/usr/bin/id"), attempt(os.open, "greet.c", 0), attempt(os.open, outside, 0),
        attempt(os.open, "new", os.O_CREAT | os.O_WRONLY), attempt(os.truncate, outside, 0), attempt(os.chmod, "greet.c", 0o600), attempt(os.kill, os.getpid(), 0)]
    print(*everything, file=out)
    os._exit(0)
print(os.getpid(), file=out)
time.sleep(600)
`

// A killed watcher ends the command. Other processes of the command live on, as confined
// as before: they start no programs, and if purity watched files, they open and change
// none.
func TestWatcherKilled(t *testing.T) {
	leaveOut(t)
	t.Parallel()
	u := newUser(t, "self", fixtures.Newest(t))
	dir := u.project(t, "c")
	outside := u.dir + "/outside"
	for name, text := range map[string]string{dir + "/orphan.py": orphan, outside: "untouched"} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	program := strings.TrimSpace(u.run(t, 0, dir, "exec", "-q", "--flake", ".#python", "--", "sh", "-c", "command -v true"))
	for explain, want := range map[string]string{
		"programs": "3 3 done EACCES done EACCES done done",
		"files":    "3 3 ENOSYS ENOSYS ENOSYS ENOSYS done done",
	} {
		os.Remove(dir + "/gone")
		os.Remove(dir + "/orphan")
		line := func(n int) string {
			t.Helper()
			for range 60 * 40 { // a minute: the machine may be busy
				data, _ := os.ReadFile(dir + "/orphan")
				if all := strings.Split(string(data), "\n"); len(all) > n {
					return all[n-1]
				}
				time.Sleep(25 * time.Millisecond)
			}
			t.Fatalf("%s: line %d does not come", explain, n)
			return ""
		}
		cmd := u.command(t, dir, "exec", "--flake", ".#python", "--explain="+explain, "--", "python3", "-B", "orphan.py", program, outside)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		command := line(1)
		cmd.Process.Kill()
		cmd.Wait()
		for range 60 * 40 {
			if _, err := os.Stat("/proc/" + command); err != nil {
				break
			}
			time.Sleep(25 * time.Millisecond)
		}
		if _, err := os.Stat("/proc/" + command); err == nil {
			t.Errorf("%s: the command outlives the watcher that was killed", explain)
		}
		if err := os.WriteFile(dir+"/gone", nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if got := line(2); got != want {
			t.Errorf("%s: what it left gets %q, want %q", explain, got, want)
		}
		if data, err := os.ReadFile(outside); err != nil || string(data) != "untouched" {
			t.Errorf("%s: %v, outside is %q", explain, err, data)
		}
	}
}
