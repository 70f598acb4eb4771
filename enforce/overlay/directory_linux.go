package overlay

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Directory is one that changes are kept in.
type Directory struct {
	Path string
	tree tree
	in   tree // the directory that it is in
	made bool
}

// OpenDirectory opens a directory, which it makes if need be, by way of no link: nobody
// has it made elsewhere, or exchanges it meanwhile.
func OpenDirectory(dir string) (*Directory, error) {
	d, err := openDirectory(filepath.Clean(dir))
	if err != nil {
		return nil, fmt.Errorf("keep changes in %s: %w", dir, err)
	}
	return d, nil
}

func openDirectory(dir string) (*Directory, error) {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS}
	parent, err := unix.Openat2(unix.AT_FDCWD, filepath.Dir(dir), &how)
	if err != nil {
		return nil, err
	}
	in, name := tree{parent}, filepath.Base(dir)
	err = unix.Mkdirat(parent, name, 0o777)
	made := err == nil
	if err != nil && !errors.Is(err, fs.ErrExist) {
		in.close()
		return nil, err
	}
	fd, err := unix.Openat2(parent, name, &how)
	if err != nil {
		in.close()
		return nil, err
	}
	return &Directory{dir, tree{fd}, in, made}, nil
}

// Close closes the directory. One that was made for it and is empty is removed.
func (d *Directory) Close() {
	d.tree.close()
	if d.made {
		unix.Unlinkat(d.in.fd, filepath.Base(d.Path), unix.AT_REMOVEDIR)
	}
	d.in.close()
}
