package overlay

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Directory is one that changes are kept in.
type Directory struct {
	Path string
	tree tree // without a descriptor where it is made once there is a change
	in   tree // the directory that it is in
	made bool
	// project says that it is the directory below the overlay. In any other everything came
	// there later than the run began.
	project bool
	since   time.Time // when it was opened, before the run
}

// ErrNotEmpty says that a directory has files, and is not the project.
var ErrNotEmpty = errors.New("there are files in it, and it is not the project")

// OpenDirectory opens a directory by way of no link: nobody exchanges it meanwhile. One that
// is not there is only tried, and made when there is something to keep: a killed purity leaves
// none. One that is there must be empty, or the project.
func OpenDirectory(dir, project string) (*Directory, error) {
	d, err := openDirectory(filepath.Clean(dir))
	if err == nil {
		d.since = time.Now()
		if err = d.fits(project); err != nil {
			d.Close()
		}
	}
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

// fits returns an error if the directory is neither new, nor empty, nor the project.
func (d *Directory) fits(project string) error {
	if d.tree.fd < 0 {
		return nil
	}
	var here, there unix.Stat_t
	err := errors.Join(unix.Fstat(d.tree.fd, &here), unix.Stat(project, &there))
	if d.project = err == nil && here.Dev == there.Dev && here.Ino == there.Ino; d.project || err != nil {
		return err
	}
	fd, err := d.tree.open(".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	names, err := list(fd)
	if len(names) > 0 {
		err = ErrNotEmpty
	}
	return err
}

// make makes the directory, where it is not there, with a mode.
func (d *Directory) make(mode uint32) error {
	if d.tree.fd >= 0 {
		return nil
	}
	name := filepath.Base(d.Path)
	err := unix.Mkdirat(d.in.fd, name, 0o700)
	d.made = err == nil
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC, Resolve: unix.RESOLVE_NO_SYMLINKS}
	fd, err := unix.Openat2(d.in.fd, name, &how)
	if err != nil {
		return err
	}
	if d.tree.fd = fd; !d.made {
		return nil
	}
	return chmod(fd, directoryMode(mode)|handedDown(fd)|0o700)
}

// Close closes the directory. One that was made for it and is empty is removed.
func (d *Directory) Close() {
	d.tree.close()
	if d.made {
		unix.Unlinkat(d.in.fd, filepath.Base(d.Path), unix.AT_REMOVEDIR)
	}
	d.in.close()
}
