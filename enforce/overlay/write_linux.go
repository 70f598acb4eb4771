package overlay

import (
	"crypto/rand"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// temporary is a name for an incomplete file.
func temporary() string { return ".purity-" + strings.ToLower(rand.Text()) }

// link writes a link with the target that it has in the overlay.
func (k *keeper) link(c Change, parent int, name string) error {
	from, err := k.from.open(c.Path, unix.O_PATH)
	if err != nil {
		return err
	}
	defer unix.Close(from)
	target, err := readlink(from, "")
	if err != nil {
		return err
	}
	temp := temporary()
	if err := unix.Symlinkat(target, parent, temp); err != nil {
		return err
	}
	return place(parent, temp, name)
}

// place has a complete file take the name of an older one.
func place(parent int, temp, name string) error {
	err := unix.Renameat(parent, temp, parent, name)
	unix.Unlinkat(parent, temp, 0) // two names of one file stay two (rename(2))
	return err
}

// file writes a regular file.
func (k *keeper) file(c Change, parent int, name string) error {
	fd, err := k.from.readable(c.Path, unix.O_RDONLY)
	if err != nil {
		return err
	}
	source := os.NewFile(uintptr(fd), c.Path)
	defer source.Close()
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return err
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFREG {
		return errOccupied
	}
	id, temp := inode{stat.Dev, stat.Ino}, temporary()
	if first, ok := k.linked[id]; ok && k.again(first, parent, temp) {
		return place(parent, temp, name)
	}
	to, err := unix.Openat(parent, temp, unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	target := os.NewFile(uintptr(to), temp)
	defer target.Close()
	if err := k.fill(target, source, stat, c.mode); err != nil {
		unix.Unlinkat(parent, temp, 0)
		return err
	}
	if stat.Nlink > 1 {
		k.linked[id] = c.Path
	}
	return place(parent, temp, name)
}

// fill gives a new file content, attributes, mode, owner and times of another.
func (k *keeper) fill(target, source *os.File, stat unix.Stat_t, mode uint32) error {
	if err := copyFile(target, source, stat.Size); err != nil {
		return err
	}
	to := int(target.Fd())
	if err := copyAttributes(to, int(source.Fd())); err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		if err := unix.Fchown(to, int(stat.Uid), int(stat.Gid)); err != nil {
			return err
		}
	}
	if err := unix.Fchmod(to, permissions(mode)); err != nil {
		return err
	}
	return unix.UtimesNanoAt(to, "", []unix.Timespec{stat.Atim, stat.Mtim}, unix.AT_EMPTY_PATH)
}

// again links a file that was written before, if it is still there.
func (k *keeper) again(first string, parent int, temp string) bool {
	name := path.Base(first)
	from, err := k.parent(first, false)
	if err != nil {
		return false
	}
	defer unix.Close(from)
	there, err := entry(from, name)
	return err == nil && typeOf(there.Mode) == "file" && unix.Linkat(from, name, parent, temp, 0) == nil
}

// chmod gives a directory its mode. One outside the project also keeps the group of the
// directory that it was made in, where that hands it down.
func (k *keeper) chmod(c Change) error {
	fd, err := k.to.open(c.Path, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	mode := directoryMode(c.mode)
	if !k.project {
		mode |= handedDown(fd)
	}
	return chmod(fd, mode)
}

// handedDown is the set-group-ID bit of a directory.
func handedDown(fd int) uint32 {
	var stat unix.Stat_t
	if unix.Fstat(fd, &stat) != nil {
		return 0
	}
	return stat.Mode & unix.S_ISGID
}
