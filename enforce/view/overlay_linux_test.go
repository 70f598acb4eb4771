package view

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nix-purity/purity/enforce/tempdir"
)

// overlay makes a world with another file and directory in the project, and the layers of
// an overlay beside it.
func overlay(t *testing.T, attr *syscall.SysProcAttr) (dir, program, upper string) {
	t.Helper()
	dir, program = world(t, attr)
	upper = filepath.Join(filepath.Dir(dir), "upper")
	for _, d := range []string{upper, upper + "-work", dir + "/sub"} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"/sub/file", "/other"} {
		if err := os.WriteFile(dir+name, []byte("before"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if attr != nil {
		filepath.WalkDir(filepath.Dir(dir), func(path string, _ os.DirEntry, _ error) error { return os.Lchown(path, 65534, 65534) })
	}
	return dir, program, upper
}

// state lists everything in a directory that a command could change.
func state(t *testing.T, dir string) string {
	t.Helper()
	out, err := exec.Command("find", dir, "-printf", "%P %M %n %U %s %T@ %C@ %l\n").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// A command sees its changes in an overlay. The directory stays as it is, even where a grant
// allows writing in it. Protected files stay read-only.
func TestOverlay(t *testing.T) {
	const script = `
echo x > new && echo y > main.c && cat new main.c && rm other && test ! -e other && mv sub/file moved && cat moved && echo
mkdir -p made/deep && touch -d @1 sub && rm -r sub && mkdir sub && ls sub && echo > sub/again
exec 3< flake.nix && (echo > /proc/self/fd/3) 2>/dev/null && echo 'written by a descriptor'
exec 4< .git && echo z > /proc/self/fd/4/index && cat .git/index
(echo > flake.nix) 2>/dev/null || echo read-only
(mv .git .gone) 2>/dev/null || echo busy
test -e /proc/1/stat && while read -r _ _ _ _ at _ rest; do case $at in "$PWD") echo "$rest";; esac; done < /proc/self/mountinfo
`
	const want = "x\ny\nbefore\nz\nread-only\nbusy\n"
	for name, attr := range runners() {
		for _, more := range []string{"", "sub", "sub/file", "main.c"} {
			dir, program, upper := overlay(t, attr)
			before := state(t, dir)
			cmd := exec.Command(program, "in", dir, script)
			cmd.Env = append(os.Environ(), "OVERLAY="+upper)
			if more != "" {
				cmd.Env = append(cmd.Env, "WRITE="+filepath.Join(dir, more))
			}
			cmd.SysProcAttr = attr
			out, err := cmd.CombinedOutput()
			if got := string(out); err != nil || !strings.HasPrefix(got, want) || !strings.Contains(got, "lowerdir=/proc/self/fd/") {
				t.Errorf("%s, %q written: %v\n%s\nwant\n%s", name, more, err, got, want)
			}
			if after := state(t, dir); after != before {
				t.Errorf("%s, %q written: the project changed:\n%s\nwas\n%s", name, more, after, before)
			}
			if _, err := os.Stat(upper + "/new"); err != nil {
				t.Errorf("%s: the overlay took nothing: %v", name, err)
			}
		}
	}
}

// No directory above can be granted for writing: a descriptor that the command inherits
// would lead past the overlay. It can be granted for reading.
func TestOverlayAbove(t *testing.T) {
	dir, program, upper := overlay(t, nil)
	cmd := exec.Command(program, "in", dir, "echo x > main.c")
	cmd.Env = append(os.Environ(), "OVERLAY="+upper, "WRITE="+filepath.Dir(dir))
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "as an overlay: "+filepath.Dir(dir)+" can be written (purity.toml:1)") {
		t.Errorf("%v: %s", err, out)
	}
}

// The test for overlays leaves no mount.
func TestOverlayAvailable(t *testing.T) {
	dir := t.TempDir() + "/tried"
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := OverlayAvailable(dir); err != nil {
		t.Error(err)
	}
	if err := tempdir.Remove(dir); err != nil { // it has directories that a user may not read
		t.Error(err)
	}
}
