package overlay

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// tree is a directory below which files are opened by their paths in it, by way of no
// link and no other mount.
type tree struct{ fd int }

func openTree(dir string) (tree, error) {
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return tree{-1}, &os.PathError{Op: "open", Path: dir, Err: err}
	}
	return tree{fd}, nil
}

func (t tree) close() { unix.Close(t.fd) }

// open opens a path below the directory, which itself is ".".
func (t tree) open(path string, flags int) (int, error) {
	how := unix.OpenHow{
		Flags:   uint64(flags | unix.O_CLOEXEC | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY),
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV,
	}
	if flags&unix.O_PATH != 0 {
		how.Flags &^= unix.O_NONBLOCK | unix.O_NOCTTY
	}
	for {
		fd, err := unix.Openat2(t.fd, path, &how)
		if !errors.Is(err, unix.EINTR) && !errors.Is(err, unix.EAGAIN) {
			return fd, err
		}
	}
}

// readable opens a file or a directory of the upper layer for reading. Where the mode forbids
// its user that, or to search the directory, readable changes the mode: the command has ended,
// and nothing else uses the overlay.
func (t tree) readable(path string, flags int) (int, error) {
	if path == "." { // which has no other way in
		if err := permit(t.fd); err != nil {
			return -1, err
		}
	}
	at, err := t.open(path, unix.O_PATH)
	if err != nil {
		return -1, err
	}
	defer unix.Close(at)
	if err := permit(at); err != nil {
		return -1, err
	}
	return t.open(path, flags)
}

// permit has the user read a file, or read and search a directory.
func permit(fd int) error {
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return err
	}
	need := uint32(0)
	switch stat.Mode & unix.S_IFMT {
	case unix.S_IFDIR:
		need = 0o500
	case unix.S_IFREG:
		need = 0o400
	}
	if stat.Mode&need == need {
		return nil
	}
	return chmod(fd, permissions(stat.Mode)|0o700)
}

// chmod changes the mode of a file that is open with O_PATH.
func chmod(fd int, mode uint32) error { return unix.Chmod("/proc/self/fd/"+strconv.Itoa(fd), mode) }

// maxEntries is how many entries of a directory, and how many changes, are looked at.
const maxEntries = 1 << 20

var errTooMany = fmt.Errorf("more than %d entries", maxEntries)

// list are the names in an open directory.
func list(fd int) ([]string, error) {
	copied, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	dir := os.NewFile(uintptr(copied), "directory")
	defer dir.Close()
	names, err := dir.Readdirnames(maxEntries + 1)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	if len(names) > maxEntries {
		err = errTooMany
	}
	return names, err
}

// entry is the state of a directory's entry, with mode 0 if there is none. Only ENOENT says
// so: a directory that cannot be searched can have any.
func entry(dir int, name string) (stat unix.Stat_t, err error) {
	if dir < 0 {
		return stat, nil
	}
	err = unix.Fstatat(dir, name, &stat, unix.AT_SYMLINK_NOFOLLOW)
	if errors.Is(err, unix.ENOENT) {
		return unix.Stat_t{}, nil
	}
	return stat, err
}

// readlink is the target of a link.
func readlink(dir int, name string) (string, error) {
	text := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(dir, name, text)
	return string(text[:max(n, 0)]), err
}
