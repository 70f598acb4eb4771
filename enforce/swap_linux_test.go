package enforce

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A process of an earlier run can put a link where a directory was, at any moment. Neither
// a grant nor a directory that purity writes to is ever the target of the link.
func TestSwapped(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	project, secret := filepath.Join(top, "project"), filepath.Join(top, "secret")
	for _, dir := range []string{project + "/data/in", secret + "/in"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(secret, project+"/planted"); err != nil {
		t.Fatal(err)
	}
	var forbidden unix.Stat_t
	if err := unix.Stat(secret+"/in", &forbidden); err != nil {
		t.Fatal(err)
	}
	stop, stopped := make(chan struct{}), make(chan error)
	go func() {
		for {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
			}
			if err := unix.Renameat2(unix.AT_FDCWD, project+"/data", unix.AT_FDCWD, project+"/planted", unix.RENAME_EXCHANGE); err != nil {
				stopped <- err
				return
			}
		}
	}()
	opened, refused := 0, 0
	for i := 0; i < 20000 || opened == 0 || refused == 0; i++ { // until both outcomes were seen
		path, err := Resolve(project+"/data/in", []string{project})
		if err != nil {
			refused++
			continue
		}
		if fd, _, err := open(Grant{Path: path, Resolved: true}); err == nil {
			opened++
			var got unix.Stat_t
			if err := unix.Fstat(fd, &got); err != nil || got.Ino == forbidden.Ino && got.Dev == forbidden.Dev {
				t.Errorf("a grant opened what the link leads to (%v)", err)
			}
			unix.Close(fd)
		} else {
			refused++
		}
		if root, err := OpenRoot(path); err == nil {
			info, err := root.Stat(".")
			if err != nil || info.Sys() == nil {
				t.Fatal(err)
			}
			if at, err := os.Stat(secret + "/in"); err != nil || os.SameFile(info, at) {
				t.Errorf("a root is what the link leads to (%v)", err)
			}
			root.Close()
		}
	}
	close(stop)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
}
