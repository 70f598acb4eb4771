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
	tree tree // without a descriptor where it is made once there is a change
	in   tree // the directory that it is in
	made bool
}

// OpenDirectory opens a directory by way of no link: nobody exchanges it meanwhile. One that
// is not there is only tried, and made when there is something to keep: a killed purity leaves
// none.
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
	if err == nil {
		unix.Unlinkat(parent, name, unix.AT_REMOVEDIR)
		return &Directory{Path: dir, tree: tree{-1}, in: in}, nil
	}
	fd := -1
	if errors.Is(err, fs.ErrExist) {
		fd, err = unix.Openat2(parent, name, &how)
	}
	if err != nil {
		in.close()
		return nil, err
	}
	return &Directory{Path: dir, tree: tree{fd}, in: in}, nil
}

// make makes the directory, where it is not there.
func (d *Directory) make() error {
	if d.tree.fd >= 0 {
		return nil
	}
	name := filepath.Base(d.Path)
	err := unix.Mkdirat(d.in.fd, name, 0o777)
	d.made = err == nil
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS}
	fd, err := unix.Openat2(d.in.fd, name, &how)
	if err == nil {
		d.tree.fd = fd
	}
	return err
}

// Close closes the directory. One that was made for it and is empty is removed.
func (d *Directory) Close() {
	d.tree.close()
	if d.made {
		unix.Unlinkat(d.in.fd, filepath.Base(d.Path), unix.AT_REMOVEDIR)
	}
	d.in.close()
}
