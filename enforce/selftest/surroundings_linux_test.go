package selftest

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// The outcome of a test does not hang on the niceness, the limits, the umask, the
// terminal or the environment of who runs it.
func TestSlowSurroundings(t *testing.T) {
	surroundings := []struct{ name, script string }{
		{"as they are", `exec "$@"`},
		{"nice", `exec nice -n 19 "$@"`},
		{"nice and not further", `exec nice -n 5 "$@"`},
		{"idle for disks", `exec ionice -c 3 "$@"`},
		{"few descriptors", `ulimit -n 64; exec "$@"`},
		{"no queues, no locks", `ulimit -q 0 -l 0 -i 16 -c 0; exec "$@"`},
		{"private umask", `umask 077; exec "$@"`},
		{"no terminal", `exec setsid "$@" < /dev/null`},
		{"no standard input", `exec "$@" <&-`},
		{"no environment", `exec env -i "$@"`},
		{"relative TMPDIR", `cd "$DIR" && TMPDIR=. exec "$@"`},
		{"a TMPDIR with a blank", `d=$(mktemp -d '/var/tmp/a b.XXXXXX') && trap 'rm -rf "$d"' EXIT && TMPDIR="$d" "$@"`}, // not in /tmp, or another takes its place
		{"descriptors that leak", `exec 7< / 8< /etc/passwd "$@"`},
	}
	type user struct {
		name       string
		credential *syscall.Credential
	}
	users := []user{{"self", nil}}
	if os.Getuid() == 0 {
		users = append(users, user{"nobody", &syscall.Credential{Uid: 65534, Gid: 65534}})
	}
	self, err := os.Open("/proc/self/exe") // a user could not reach it by its path
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	for n, u := range users {
		credential := u.credential
		dir, err := os.MkdirTemp("", "purity-surroundings-")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		if credential != nil {
			if err := os.Chown(dir, int(credential.Uid), int(credential.Gid)); err != nil {
				t.Fatal(err)
			}
		}
		for i, s := range surroundings {
			if i > 0 && i%len(users) != n { // by turns; each with each takes twice the time
				continue
			}
			t.Run(u.name+"/"+s.name, func(t *testing.T) {
				cmd := exec.Command("bash", "-c", s.script, "bash", "/proc/self/fd/3", runWord)
				cmd.ExtraFiles = []*os.File{self}
				cmd.Env = append(os.Environ(), "DIR="+dir)
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
				var stderr bytes.Buffer
				cmd.Stderr = &stderr
				out, err := cmd.Output()
				if err != nil {
					t.Fatalf("%v\n%s", err, stderr.String())
				}
				var reports []Report
				if err := json.Unmarshal(out, &reports); err != nil {
					t.Fatal(err)
				}
				if len(reports) != len(Variants()) {
					t.Fatalf("%d reports", len(reports))
				}
				for _, r := range reports {
					if r.Root != (credential == nil && os.Getuid() == 0) {
						t.Errorf("root: %v", r.Root)
					}
					for _, result := range r.Results {
						if result.Wrong() {
							t.Errorf("%s: %s: %s, want %s; refused %q, twin %q", r.Policy, result.ID, result.Status, result.Expected, result.Refused, result.Twin)
						}
					}
				}
			})
		}
	}
}
