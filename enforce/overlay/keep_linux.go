package overlay

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Keep does changes to the directory, but for those at and below guarded paths. Where one
// fails it goes on with the rest.
func (d *Directory) Keep(l Layers, changes []Change, guarded []string) (Kept, error) {
	upper, err := openTree(l.Upper)
	if err != nil {
		return Kept{}, fmt.Errorf("keep changes: %w", err)
	}
	defer upper.close()
	if err := d.make(); err != nil {
		return Kept{}, fmt.Errorf("keep changes in %s: %w", d.Path, err)
	}
	k := keeper{from: upper, to: d.tree, project: d.project, linked: map[inode]string{}}
	var kept Kept
	var made []Change // directories, whose modes come last: nothing could be written in some
	left := ""        // a directory that is not there, with all in it
	for _, c := range changes {
		if left != "" && inside(c.Path, left) {
			kept.Not = append(kept.Not, Unkept{c.Path, "its directory is not kept", true})
			continue
		}
		if why := refused(c, guarded); why != "" && c.err == nil {
			kept.Not = append(kept.Not, Unkept{c.Path, why, false})
			continue
		}
		err := c.err
		if err == nil {
			err = k.keep(c)
		}
		if err != nil {
			kept.Not = append(kept.Not, Unkept{c.Path, fault(err), true})
			if c.Type == "directory" && c.What != Removed {
				left = c.Path
			}
			continue
		}
		if kept.Done++; c.Type == "directory" && c.What != Removed {
			made = append(made, c)
		}
	}
	for _, c := range slices.Backward(made) {
		if err := k.chmod(c); err != nil {
			kept.Not = append(kept.Not, Unkept{c.Path, fault(err), true})
		}
	}
	return kept, nil
}

// fault is an error in the words that people need.
func fault(err error) string {
	switch {
	case errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENOTDIR):
		return "a link or a file is on the way"
	case errors.Is(err, unix.EXDEV):
		return "a mount is on the way"
	}
	return err.Error()
}

// keeper writes changes.
type keeper struct {
	from, to tree
	project  bool             // to is the directory below the overlay
	linked   map[inode]string // where files with more than one name were written
}

type inode struct{ dev, number uint64 }

// errOccupied is the fault where another file is in the way of a change.
var errOccupied = errors.New("something else is there")

func (k keeper) keep(c Change) error {
	name := path.Base(c.Path)
	if c.What == Removed && !k.project {
		return nil
	}
	parent, err := k.parent(c.Path, c.What != Removed)
	if c.What == Removed && errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(parent)
	there, err := entry(parent, name)
	if err != nil {
		return err
	}
	kind := typeOf(there.Mode)
	switch {
	case there.Mode == 0 && c.What == Removed:
		return nil
	case there.Mode == 0:
	case !k.project && (kind != "directory" || c.Type != kind): // the directory was empty
		return errOccupied
	case c.What == Removed:
		if kind != c.Type {
			return errOccupied
		}
		return k.remove(c.Path)
	case kind == c.Type:
	case kind == c.was: // which the change took the place of
		if err := k.remove(c.Path); err != nil {
			return err
		}
	case kind == "directory" || c.Type == "directory":
		return errOccupied
	}
	switch c.Type {
	case "directory":
		if err := unix.Mkdirat(parent, name, 0o700); err != nil && !errors.Is(err, unix.EEXIST) {
			return err
		}
		return nil
	case "link":
		return k.link(c, parent, name)
	}
	return k.file(c, parent, name)
}

// parent opens the directory that a path is in. One that the project had and the place of
// the changes has not can be made.
func (k keeper) parent(at string, make bool) (int, error) {
	dir := path.Dir(at)
	fd, err := k.to.open(dir, unix.O_PATH|unix.O_DIRECTORY)
	if !errors.Is(err, unix.ENOENT) || !make || dir == "." {
		return fd, err
	}
	above, err := k.parent(dir, true)
	if err != nil {
		return -1, err
	}
	defer unix.Close(above)
	if err := unix.Mkdirat(above, path.Base(dir), 0o777); err != nil && !errors.Is(err, unix.EEXIST) {
		return -1, err
	}
	return k.to.open(dir, unix.O_PATH|unix.O_DIRECTORY)
}

// temporary is a name for an incomplete file.
func temporary() string { return ".purity-" + strings.ToLower(rand.Text()) }

// link writes a link with the target that it has in the overlay.
func (k keeper) link(c Change, parent int, name string) error {
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
func (k keeper) file(c Change, parent int, name string) error {
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
func (k keeper) fill(target, source *os.File, stat unix.Stat_t, mode uint32) error {
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
func (k keeper) again(first string, parent int, temp string) bool {
	name := path.Base(first)
	from, err := k.parent(first, false)
	if err != nil {
		return false
	}
	defer unix.Close(from)
	there, err := entry(from, name)
	return err == nil && typeOf(there.Mode) == "file" && unix.Linkat(from, name, parent, temp, 0) == nil
}

// chmod gives a directory its mode.
func (k keeper) chmod(c Change) error {
	fd, err := k.to.open(c.Path, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return chmod(fd, permissions(c.mode))
}

// remove removes a path, with all below it.
func (k keeper) remove(at string) error {
	name := path.Base(at)
	parent, err := k.parent(at, false)
	if err != nil {
		return err
	}
	defer unix.Close(parent)
	err = unix.Unlinkat(parent, name, 0)
	if !errors.Is(err, unix.EISDIR) && !errors.Is(err, unix.EPERM) {
		return err
	}
	if fd, err := k.to.open(at, unix.O_RDONLY|unix.O_DIRECTORY); err == nil {
		names, err := list(fd)
		unix.Close(fd)
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := k.remove(join(at, name)); err != nil {
				return err
			}
		}
	}
	return unix.Unlinkat(parent, name, unix.AT_REMOVEDIR)
}
