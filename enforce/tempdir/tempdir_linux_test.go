package tempdir

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A sweeper also removes directories that earlier runs left, and no others.
func TestSweepStale(t *testing.T) {
	parent := t.TempDir()
	dead := exec.Command("true")
	must(t, dead.Run())
	mine, err := os.MkdirTemp(parent, "run-1-"+startTime(1)+"-")
	must(t, err)
	for _, name := range []string{"run-1-1-5", "run-999999999-7-5", "run-odd", "other", "run-in-1-999999999-7-5", "run-in-1-999999999-7-6"} {
		must(t, os.Mkdir(filepath.Join(parent, name), 0o700))
	}
	old := time.Now().Add(-forgotten - time.Hour)
	must(t, os.Chtimes(filepath.Join(parent, "run-in-1-999999999-7-6"), old, old))
	outside := t.TempDir()
	must(t, os.WriteFile(outside+"/file", nil, 0o644))
	must(t, os.Symlink(outside, filepath.Join(parent, "run-1-1-5", "link")))
	must(t, Sweep(filepath.Join(parent, "run-999999999-7-5")))
	entries, err := os.ReadDir(parent)
	must(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if got, want := strings.Join(names, " "), "other "+filepath.Base(mine)+" run-in-1-999999999-7-5 run-odd"; got != want {
		t.Errorf("left are %s, want %s", got, want)
	}
	if _, err := os.Stat(outside + "/file"); err != nil {
		t.Error("a link was followed")
	}
	if Sweep(mine) == nil {
		t.Error("the directory of a running process is swept")
	}
	if Sweep(filepath.Join(parent, "other")) == nil {
		t.Error("a directory of another name is swept")
	}
}

// A path of thousands of directories goes, and so do directories that nobody
// may write or read.
func TestRemoveDeep(t *testing.T) {
	const depth = 4000 // by their whole paths they took minutes
	dir := filepath.Join(t.TempDir(), "dir")
	must(t, os.MkdirAll(dir+"/beside", 0o700))
	must(t, os.WriteFile(dir+"/beside/file", nil, 0o400))
	must(t, os.Chmod(dir+"/beside", 0o500))
	at, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	must(t, err)
	for n := range depth {
		must(t, unix.Mkdirat(at, "d", 0o700))
		below, err := unix.Openat(at, "d", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		must(t, err)
		if n%1000 == 0 {
			must(t, unix.Fchmodat(at, ".", 0o000, 0))
		}
		unix.Close(at)
		at = below
	}
	unix.Close(at)
	must(t, Remove(dir))
	if _, err := os.Lstat(dir); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
}
