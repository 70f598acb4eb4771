package selftest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// acts are the tries of a confined command, each with the file, port or descriptor
// that it is about.
var acts = map[string]func(args []string) error{
	"nothing": func([]string) error { return nil },
	"read":    func(a []string) error { return readFile(a[0]) },
	"write":   func(a []string) error { return open(a[0], unix.O_WRONLY|unix.O_APPEND) },
	"create":  func(a []string) error { return open(a[0], unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL) },
	"list":    func(a []string) error { _, err := os.ReadDir(a[0]); return err },
	"run":     func(a []string) error { return run(a[0], nothingWord) },
	"link":    func(a []string) error { return os.Symlink(a[0], a[1]) },
	"unlink":  func(a []string) error { return os.RemoveAll(a[0]) },
	"absent": func(a []string) error {
		if _, err := os.Lstat(a[0]); err == nil {
			return errors.New("it is there")
		}
		return nil
	},
	"net": func(a []string) error {
		err := dial("tcp", "127.0.0.1:"+a[0])
		if errors.Is(err, unix.ECONNREFUSED) { // nobody listens, and asking is allowed
			return nil
		}
		return err
	},
	"descriptor": func(a []string) error { // that has a kind of file open
		fd, err := strconv.Atoi(a[0])
		if err != nil {
			return err
		}
		var stat unix.Stat_t
		if err := unix.Fstat(fd, &stat); err != nil {
			return err
		}
		if kind := (map[uint32]string{unix.S_IFREG: "file", unix.S_IFDIR: "directory", unix.S_IFIFO: "pipe"})[stat.Mode&unix.S_IFMT]; kind != a[1] {
			return errors.New("it is another")
		}
		if a[1] == "file" { // Go's runtime has files of its own open
			data := make([]byte, len(secret))
			if _, err := unix.Pread(fd, data, 0); err != nil || string(data) != secret {
				return errors.Join(errors.New("it is another"), err)
			}
		}
		return nil
	},
	"print": func(a []string) error { fmt.Println(os.Getenv(a[0])); return nil },
	"home": func(a []string) error { // link in HOME, to
		name := filepath.Join(os.Getenv("HOME"), a[0])
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		os.RemoveAll(name)
		return os.Symlink(a[1], name)
	},
	"home-file": func(a []string) error { // file in HOME, with text
		return os.WriteFile(filepath.Join(os.Getenv("HOME"), a[0]), []byte(a[1]), 0o644)
	},
	"temp-file": func(a []string) error {
		name := filepath.Join(os.Getenv("TMPDIR"), a[0])
		fmt.Println(name)
		return os.WriteFile(name, []byte(secret), 0o644)
	},
	"leave": func(a []string) error { return os.WriteFile(inProject(a[0]), []byte(secret), 0o644) },
	"find":  func(a []string) error { return open(inProject(a[0]), unix.O_RDONLY) },
	"swap":  swapInBackground,
}

// inProject is a file of the project as purity tells it to commands, which can be a
// directory that stands for none.
func inProject(name string) string { return filepath.Join(os.Getenv("PURITY_PROJECT"), name) }

// isCopy reports whether this program is a copy that was made for a scene, by another
// name than purity's.
func isCopy() bool {
	self, err := os.Executable()
	return err == nil && !strings.HasPrefix(strings.TrimPrefix(filepath.Base(self), "."), "purity")
}

// reachIt does one of acts.
func reachIt(args []string) error {
	f, ok := acts[args[0]]
	if !ok {
		return fmt.Errorf("reach %s: there is no such thing", args[0])
	}
	return f(args[1:])
}

// leftovers are all vectors across runs, in the order in which they are shown.
func leftovers() []leftover {
	return slices.Concat(gitLeftovers(), waitLeftovers(), wideLeftovers(), variableLeftovers(), directoryLeftovers(), hookLeftovers(), nixLeftovers())
}
