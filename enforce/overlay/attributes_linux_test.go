package overlay

import (
	"errors"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A file that is kept has the attributes of its user, and not those of the overlay.
func TestKeepAttributes(t *testing.T) {
	s := newScene(t)
	s.write(s.dir+"/file", "before")
	s.write(s.upper+"/file", "after")
	err := unix.Setxattr(s.upper+"/file", "user.origin", []byte("here\x00"), 0)
	if errors.Is(err, unix.EOPNOTSUPP) {
		t.Skip("this file system has no attributes")
	}
	must(t, err, unix.Setxattr(s.upper+"/file", "user.overlay.origin", []byte("x"), 0))
	if kept := s.keep(); kept.Done != 1 || len(kept.Not) != 0 {
		t.Errorf("%+v", kept)
	}
	file := filepath.Join(s.dir, "file")
	if got := attribute(open(t, file), "user.origin"); got != "here\x00" {
		t.Errorf("the attribute is %q", got)
	}
	if got := attribute(open(t, file), "user.overlay.origin"); got != "" {
		t.Errorf("the overlay's attribute is %q", got)
	}
}

func open(t *testing.T, name string) int {
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	must(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}
