package enforce

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// OpenRoot opens a directory whose path has no symbolic links ([Resolve]). A link made
// since is an error: a process of an earlier run can still be there to make it.
func OpenRoot(dir string) (*os.Root, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	if err := opensWithoutLinks(root, dir); err != nil {
		root.Close()
		return nil, fmt.Errorf("open %s: %w", dir, err)
	}
	return root, nil
}

// opensWithoutLinks returns an error if root is not the directory that dir leads to
// without links, but the target of a link.
func opensWithoutLinks(root *os.Root, dir string) error {
	fd, want, err := openNoLinks(dir)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	opened, err := root.Open(".")
	if err != nil {
		return err
	}
	defer opened.Close()
	var got unix.Stat_t
	if err := unix.Fstat(int(opened.Fd()), &got); err != nil {
		return err
	}
	if got.Dev != want.Dev || got.Ino != want.Ino {
		return errors.New("a symbolic link was put into it just now")
	}
	return nil
}
