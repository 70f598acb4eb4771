package hostile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Whatever stands under a name, reading it ends, and only a regular file that is
// short enough is read.
func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	makers := map[string]func(string) error{
		"regular":   func(p string) error { return os.WriteFile(p, []byte("text"), 0o600) },
		"link":      func(p string) error { return os.Symlink("regular", p) },
		"long":      func(p string) error { return os.WriteFile(p, []byte("longer"), 0o600) },
		"huge":      func(p string) error { return errors.Join(os.WriteFile(p, nil, 0o600), os.Truncate(p, 1<<40)) },
		"fifo":      func(p string) error { return unix.Mkfifo(p, 0o600) },
		"zero":      func(p string) error { return os.Symlink("/dev/zero", p) },
		"directory": func(p string) error { return os.Mkdir(p, 0o700) },
		"socket":    func(p string) error { return unix.Mknod(p, unix.S_IFSOCK|0o600, 0) },
		"loop":      func(p string) error { return os.Symlink("loop", p) },
	}
	for name, create := range makers {
		if err := create(at(name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]error{
		"regular": nil, "link": nil, "long": ErrTooLong, "huge": ErrTooLong, "fifo": ErrNotRegular, "zero": ErrNotRegular, "socket": ErrNotRegular,
		"directory": ErrNotRegular, "loop": unix.ELOOP, "absent": fs.ErrNotExist,
	} {
		type result struct {
			data []byte
			err  error
		}
		done := make(chan result, 1)
		go func() {
			data, err := ReadFile(at(name), 4)
			done <- result{data, err}
		}()
		select {
		case r := <-done:
			if !errors.Is(r.err, want) || want == nil && (r.err != nil || string(r.data) != "text") {
				t.Errorf("%s: %q, %v, want %v", name, r.data, r.err, want)
			}
		case <-time.After(time.Minute):
			t.Errorf("%s: reading it does not end", name)
		}
	}
}
