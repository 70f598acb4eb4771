package overlay

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"

	"golang.org/x/sys/unix"
)

// Changes are the changes in an overlay, by path.
func Changes(l Layers) ([]Change, error) {
	lower, err := openTree(l.Dir)
	if err != nil {
		return nil, fmt.Errorf("list changes of %s: %w", l.Dir, err)
	}
	defer lower.close()
	upper, err := openTree(l.Upper)
	if err != nil {
		return nil, fmt.Errorf("list changes of %s: %w", l.Dir, err)
	}
	defer upper.close()
	c := comparison{upper: upper, lower: lower, left: maxCompared}
	if err := c.dir(".", false); err != nil {
		return nil, fmt.Errorf("list changes of %s: %w", l.Dir, err)
	}
	slices.SortFunc(c.changes, byPath)
	return c.changes, nil
}

// maxCompared is how many bytes are read to compare written files with those below. Beyond
// it every written file counts as changed.
const maxCompared = 1 << 30

// comparison compares the upper layer of an overlay with the directory below.
type comparison struct {
	upper, lower tree
	changes      []Change
	left         int64 // bytes to compare
}

// pair is an entry of a directory in both layers.
type pair struct {
	path     string
	up, down unix.Stat_t // of mode 0 where it is not there
	whiteout bool        // the upper one hides the other
	same     bool        // a file with its old content
	err      error       // why no more is known
}

// dir compares a directory of the upper layer with the one below; opaque says that
// nothing of that is seen.
func (c *comparison) dir(path string, opaque bool) error {
	pairs, opaque, err := c.read(path, opaque)
	if errors.Is(err, errTooMany) || len(c.changes) > maxEntries {
		return errTooMany
	}
	if err != nil { // names that are too long together, a disk that fails
		c.changes = append(c.changes, Change{Path: path, What: Changed, Type: "directory", err: err})
		return nil
	}
	for _, p := range pairs {
		c.note(p)
		if p.err == nil && typeOf(p.up.Mode) == "directory" && p.up.Mode != 0 {
			if err := c.dir(p.path, opaque); err != nil {
				return err
			}
		}
	}
	return nil
}

// read are the entries of a directory that could be changed, and whether it is opaque, as
// all is that lies in one which is, or which was no directory before.
func (c *comparison) read(path string, opaque bool) ([]pair, bool, error) {
	up, err := c.upper.readable(path, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, opaque, err
	}
	defer unix.Close(up)
	names, err := list(up)
	if err != nil {
		return nil, opaque, err
	}
	mark := attribute(up, "user.overlay.opaque")
	opaque = opaque || mark == "y"
	down, err := c.below(path)
	if err != nil {
		return nil, opaque, err
	}
	if down >= 0 {
		defer unix.Close(down)
	}
	pairs := make([]pair, 0, len(names))
	for _, name := range names {
		pairs = append(pairs, c.pair(join(path, name), up, down, mark))
	}
	if opaque && down >= 0 {
		hidden, err := c.hidden(path, names)
		return append(pairs, hidden...), opaque, err
	}
	return pairs, opaque, nil
}

// below opens a directory of the lower layer; -1 where it has none, or where it has a mount,
// whose files are not in the overlay.
func (c *comparison) below(path string) (int, error) {
	fd, err := c.lower.open(path, unix.O_PATH|unix.O_DIRECTORY)
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.ELOOP), errors.Is(err, unix.EXDEV):
		return -1, nil
	case err != nil:
		return -1, fmt.Errorf("look below it: %w", err)
	}
	return fd, nil
}

// pair looks at an entry in both layers of its directory, which has mark as its attribute.
func (c *comparison) pair(at string, up, down int, mark string) pair {
	name := path.Base(at)
	p := pair{path: at}
	var err error
	p.up, p.err = entry(up, name)
	if p.down, err = entry(down, name); err != nil {
		p.err = fmt.Errorf("look below it: %w", err)
	}
	if p.err != nil {
		return p
	}
	if p.whiteout = c.hides(p, mark); p.whiteout {
		p.up = unix.Stat_t{}
	}
	p.same = p.up.Mode != 0 && p.up.Mode == p.down.Mode && c.same(p, up, down, name)
	return p
}

// hidden are the entries of a lower directory that an opaque one hides: all but those that it
// has itself.
func (c *comparison) hidden(path string, has []string) ([]pair, error) {
	down, err := c.lower.open(path, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, fmt.Errorf("look below it: %w", err)
	}
	defer unix.Close(down)
	names, err := list(down)
	if err != nil {
		return nil, err
	}
	slices.Sort(has)
	var pairs []pair
	for _, name := range names {
		if _, there := slices.BinarySearch(has, name); there {
			continue
		}
		p := pair{path: join(path, name), whiteout: true}
		p.down, p.err = entry(down, name)
		pairs = append(pairs, p)
	}
	return pairs, nil
}

// hides reports whether an entry is a whiteout: a device without a number, or, where the
// directory is marked so, an empty file with an attribute.
func (c *comparison) hides(p pair, mark string) bool {
	if p.up.Mode&unix.S_IFMT == unix.S_IFCHR && p.up.Rdev == 0 {
		return true
	}
	if mark != "x" || p.up.Mode&unix.S_IFMT != unix.S_IFREG || p.up.Size != 0 {
		return false
	}
	fd, err := c.upper.readable(p.path, unix.O_RDONLY)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	_, err = unix.Fgetxattr(fd, "user.overlay.whiteout", nil)
	return err == nil
}

// note notes how an entry differs, if it does.
func (c *comparison) note(p pair) {
	change := Change{Path: p.path, What: Changed, Type: typeOf(p.up.Mode), mode: p.up.Mode}
	if p.down.Mode != 0 {
		change.was = typeOf(p.down.Mode)
	}
	of := p.up
	switch {
	case p.err != nil:
		change.Type, change.err = "unknown", p.err
	case p.up.Mode == 0 && p.down.Mode == 0, p.same:
		return
	case p.up.Mode == 0:
		change.What, change.Type, of = Removed, change.was, p.down
	case p.down.Mode == 0:
		change.What = Created
	}
	if change.Type == "file" {
		change.Size = of.Size
	}
	c.changes = append(c.changes, change)
}

// same reports whether two entries of one type and mode are the same for people.
func (c *comparison) same(p pair, up, down int, name string) bool {
	switch typeOf(p.up.Mode) {
	case "directory":
		return true
	case "link":
		now, err1 := readlink(up, name)
		was, err2 := readlink(down, name)
		return err1 == nil && err2 == nil && now == was
	case "file":
		if p.up.Size != p.down.Size || p.up.Size > c.left {
			return false
		}
		c.left -= p.up.Size
		return c.content(p.path)
	}
	return false
}

// content reports whether the content of a file is in both layers the same.
func (c *comparison) content(path string) bool {
	var files [2]*os.File
	for i, t := range []tree{c.upper, c.lower} {
		fd, err := t.open(path, unix.O_RDONLY)
		if i == 0 && err != nil {
			fd, err = t.readable(path, unix.O_RDONLY)
		}
		if err != nil {
			return false
		}
		files[i] = os.NewFile(uintptr(fd), path)
		defer files[i].Close()
		if info, err := files[i].Stat(); err != nil || !info.Mode().IsRegular() {
			return false
		}
	}
	a, b := make([]byte, 1<<16), make([]byte, 1<<16)
	for {
		n, err1 := io.ReadFull(files[0], a)
		m, err2 := io.ReadFull(files[1], b)
		if !bytes.Equal(a[:n], b[:m]) {
			return false
		}
		if err1 != nil || err2 != nil {
			end := func(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }
			return end(err1) && end(err2)
		}
	}
}

// attribute is the value of an extended attribute, empty if there is none.
func attribute(fd int, name string) string {
	value := make([]byte, 8)
	n, err := unix.Fgetxattr(fd, name, value)
	if err != nil {
		return ""
	}
	return string(value[:n])
}
