package outside

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	if code, ok := RunPart(os.Args); ok {
		os.Exit(code)
	}
	if len(os.Args) == 4 && os.Args[1] == "start" { // as another user: HOSTILE COMMAND, where mounts may be needed
		cmd := exec.Command("/bin/sh", "-c", os.Args[3])
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		err := Start(cmd, Walls{Hostile: []string{os.Args[2]}, Mounts: true})
		if err == nil {
			err = cmd.Wait()
		}
		if err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// world is a hostile directory with a program, and one beside it.
func world(t *testing.T) (hostile, beside string) {
	t.Helper()
	top, err := os.MkdirTemp("", "outside-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(top) })
	top, err = filepath.EvalSymlinks(top)
	if err != nil {
		t.Fatal(err)
	}
	os.Chmod(top, 0o755)
	data, err := os.ReadFile("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"hostile/deep", "beside"} {
		if err := os.MkdirAll(filepath.Join(top, dir), 0o777); err != nil {
			t.Fatal(err)
		}
		os.Chmod(filepath.Join(top, dir), 0o777)
		if err := os.WriteFile(filepath.Join(top, dir, "program"), data, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(top+"/hostile/deep", top+"/link"); err != nil {
		t.Fatal(err)
	}
	return top + "/hostile", top + "/beside"
}

const script = `for p in "$H/deep/program" "$H/../link/program"; do $p 2>/dev/null && echo "ran $p"; done
"$B/program" && echo beside
echo x > "$H/written" && mv "$H/written" "$B/moved" && cat "$B/moved"
mkdir "$B/new" && cp "$B/program" "$B/new/program" && cd "$B/new" && ./program && echo new
`

// Nothing in a hostile directory is executed, by any name; all else goes on as it does
// without a wall: programs beside it, writing there, moving files out.
func TestStart(t *testing.T) {
	for _, mounts := range []bool{true, false} {
		if mounts && os.Getuid() != 0 {
			continue // which TestStartAsUser is about
		}
		hostile, beside := world(t)
		cmd := exec.Command("/bin/sh", "-c", script)
		cmd.Env = []string{"PATH=/usr/bin:/bin", "H=" + hostile, "B=" + beside}
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := Start(cmd, Walls{Hostile: []string{hostile, hostile + "/absent"}, Mounts: mounts}); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
		if got := out.String(); got != "beside\nx\nnew\n" {
			t.Errorf("mounts %v: %s", mounts, got)
		}
		if out, err := exec.Command(hostile + "/deep/program").CombinedOutput(); err != nil { // the twin, and nothing is left
			t.Errorf("without a wall: %v: %s", err, out)
		}
	}
}

// A process that is behind the wall of a mount namespace can still mount, as Nix does
// for a build.
func TestStartMounts(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can mount")
	}
	hostile, beside := world(t)
	cmd := exec.Command("/bin/sh", "-c", `mount -t tmpfs tmpfs "$B" && mount | grep -c "$B"; "$H/deep/program" 2>/dev/null || echo refused`)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "H=" + hostile, "B=" + beside}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := Start(cmd, Walls{Hostile: []string{hostile}, Mounts: true}); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if got := out.String(); got != "1\nrefused\n" {
		t.Errorf("%s", got)
	}
	// This thread's: the first of a process, which /proc/self is, can be the one that ended.
	if mounted, _ := os.ReadFile("/proc/thread-self/mountinfo"); strings.Contains(string(mounted), hostile) || strings.Contains(string(mounted), beside) {
		t.Error("a mount is left")
	}
}

// A user's is a user namespace, or without one Landlock.
func TestStartAsUser(t *testing.T) {
	hostile, beside := world(t)
	program := filepath.Dir(hostile) + "/test"
	data, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, data, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "start", hostile, `"$H/deep/program" 2>/dev/null && echo ran; "$B/program" && echo beside; id -u`)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "H=" + hostile, "B=" + beside}
	want := os.Getuid()
	if want == 0 {
		want = 65534
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	if lines := strings.Fields(string(out)); err != nil || len(lines) != 2 || lines[0] != "beside" {
		t.Errorf("%v: %s", err, out)
	}
}

func TestCover(t *testing.T) {
	hostile, beside := world(t)
	paths := cover("/", []string{hostile}, nil)
	inside := func(path string) bool {
		return slices.ContainsFunc(paths, func(p string) bool { return path == p || strings.HasPrefix(path, strings.TrimSuffix(p, "/")+"/") })
	}
	for path, want := range map[string]bool{hostile: false, hostile + "/deep/program": false, beside: true, "/usr/bin/env": true, filepath.Dir(hostile): false} {
		if inside(path) != want {
			t.Errorf("%s is covered: %v", path, !want)
		}
	}
}

// Of a directory that can be passed but not listed the known names count.
func TestCoverUnlisted(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root lists every directory")
	}
	hostile, beside := world(t)
	top := filepath.Dir(hostile)
	if err := os.Chmod(top, 0o311); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(top, 0o755) })
	got := cover(top, []string{hostile + "/deep"}, []string{beside + "/program", hostile + "/deep/program", "/usr/bin"})
	if want := []string{beside}; !slices.Equal(got, want) {
		t.Errorf("covered are %s, want %s", got, want)
	}
	if got := cover(top, []string{hostile}, nil); len(got) != 0 {
		t.Errorf("nothing is known, and covered are %s", got)
	}
}

// Behind Landlock nothing that is made beside a hostile directory later can be executed,
// but in the directory for temporary files.
func TestStartTemp(t *testing.T) {
	hostile, beside := world(t)
	top := filepath.Dir(hostile)
	cmd := exec.Command("/bin/sh", "-c", `for d in "$TMPDIR" "$H/../later"; do mkdir -p "$d/build"; cp "$B/program" "$d/build/"; "$d/build/program" 2>/dev/null && echo "${d##*/}"; done`)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "H=" + hostile, "B=" + beside, "TMPDIR=" + top}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	temp := func() (string, error) { return top + "/temp", os.Mkdir(top+"/temp", 0o700) }
	if err := Start(cmd, Walls{Hostile: []string{hostile}, Temp: temp}); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if got := out.String(); got != "temp\n" {
		t.Errorf("%s", got)
	}
	failing := func() (string, error) { return "", os.ErrPermission }
	if err := Start(exec.Command("/bin/true"), Walls{Hostile: []string{hostile}, Temp: failing}); !errors.Is(err, os.ErrPermission) {
		t.Errorf("without a directory: %v", err)
	}
}

func TestPath(t *testing.T) {
	hostile, beside := world(t)
	link := filepath.Dir(hostile) + "/link"
	in := strings.Join([]string{"/usr/bin", hostile + "/deep", "bin", "", link, beside, "/absent"}, ":")
	if got := Path(in, []string{hostile}); got != "/usr/bin:"+beside+":/absent" {
		t.Errorf("%s", got)
	}
}

// The kernel's signal for a thread that ended does not reach this process.
func TestThread(t *testing.T) {
	hostile, _ := world(t)
	for range 20 {
		cmd := exec.Command("/bin/true")
		if err := Start(cmd, Walls{Hostile: []string{hostile}}); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
	}
	if unix.Access(hostile+"/deep/program", unix.X_OK) != nil || exec.Command(hostile+"/deep/program").Run() != nil {
		t.Error("this process is behind the wall")
	}
}
