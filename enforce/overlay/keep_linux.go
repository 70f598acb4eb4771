package overlay

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Keep does changes to the directory, but for those at and below guarded paths. Where one
// fails it goes on with the rest.
func (d *Directory) Keep(l Layers, changes []Change, guarded []string) (Kept, error) {
	k, err := d.keeper(l, guarded)
	if err != nil {
		return Kept{}, err
	}
	defer k.close()
	var kept Kept
	left := "" // a directory that is not there, with all in it
	for _, c := range changes {
		if left != "" && inside(c.Path, left) {
			kept.Not = append(kept.Not, Unkept{c.Path, "its directory is not kept", true})
			continue
		}
		if why := k.refused(c); why != "" && c.err == nil {
			kept.Not = append(kept.Not, Unkept{c.Path, why, false})
			continue
		}
		err := c.err
		if err == nil {
			err = k.keep(c)
		}
		if err != nil {
			var held *heldError
			kept.Not = append(kept.Not, Unkept{c.Path, fault(err), !errors.As(err, &held)})
			if c.Type == "directory" && c.What != Removed {
				left = c.Path
			}
			continue
		}
		if kept.Done++; c.Type == "directory" && c.What != Removed {
			k.made = append(k.made, c)
		}
	}
	for _, c := range slices.Backward(k.made) {
		if err := k.chmod(c); err != nil {
			kept.Not = append(kept.Not, Unkept{c.Path, fault(err), true})
		}
	}
	return kept, nil
}

// keeper returns one for the directory, which it makes, where it is not there.
func (d *Directory) keeper(l Layers, guarded []string) (*keeper, error) {
	k := &keeper{guarded: guarded, project: d.project, since: d.since, linked: map[inode]string{}, unlinked: map[inode]bool{}}
	var err error
	if k.from, err = openTree(l.Upper); err != nil {
		return nil, fmt.Errorf("keep changes: %w", err)
	}
	if k.below, err = openTree(l.Dir); err != nil {
		k.from.close()
		return nil, fmt.Errorf("keep changes: %w", err)
	}
	if err := d.make(k.mode(".")); err != nil {
		k.close()
		return nil, fmt.Errorf("keep changes in %s: %w", d.Path, err)
	}
	k.to = d.tree
	return k, nil
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
	from, below, to tree // to is another one's to close
	guarded         []string
	project         bool             // to is the directory below the overlay
	since           time.Time        // the start of the run
	made            []Change         // directories, whose modes come last: nothing could be written in some
	linked          map[inode]string // where files with more than one name were written
	unlinked        map[inode]bool   // files that lost one of their names, which changed their ctime
}

type inode struct{ dev, number uint64 }

// Faults where another file is in the way of a change.
var (
	errOccupied  = errors.New("something else is there")
	errMeanwhile = errors.New("it changed outside during the run")
)

func (k *keeper) close() {
	k.from.close()
	k.below.close()
}

func (k *keeper) keep(c Change) error {
	if c.What == Removed && !k.project {
		return nil
	}
	name := path.Base(c.Path)
	parent, err := k.parent(c.Path, c.What != Removed)
	if c.What == Removed && errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(parent)
	if err := k.clear(c, parent, name); err != nil || c.What == Removed {
		return err
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

// clear has a change find its place as it needs it. What is there must be as the command saw
// it: older than the run, or nothing where the directory is not the project.
func (k *keeper) clear(c Change, parent int, name string) error {
	there, err := entry(parent, name)
	kind := typeOf(there.Mode)
	switch {
	case err != nil:
		return err
	case there.Mode == 0, kind == "directory" && c.Type == kind && c.What != Removed:
		return nil
	case !k.project, c.What == Removed && kind != c.Type:
		return errOccupied
	case k.later(there):
		return errMeanwhile
	case c.What == Removed, kind != c.Type && kind == c.was: // which the change takes the place of
		return k.remove(c.Path)
	case kind != c.Type && (kind == "directory" || c.Type == "directory"):
		return errOccupied
	}
	k.loses(there)
	return nil
}

// later reports whether a file in the project changed since the run began, but for its
// number of names, if the keeper removed one. Nobody can set a ctime (stat(2)).
func (k *keeper) later(stat unix.Stat_t) bool {
	return time.Unix(stat.Ctim.Unix()).After(k.since) && !k.unlinked[inode{stat.Dev, stat.Ino}]
}

// loses notes that a file is about to lose a name.
func (k *keeper) loses(stat unix.Stat_t) {
	if stat.Nlink > 1 {
		k.unlinked[inode{stat.Dev, stat.Ino}] = true
	}
}

// parent opens the directory that a path is in. One that the project had and the place of
// the changes has not can be made.
func (k *keeper) parent(at string, make bool) (int, error) {
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
	if err := unix.Mkdirat(above, path.Base(dir), 0o700); err != nil {
		return -1, err
	}
	k.made = append(k.made, Change{Path: dir, mode: k.mode(dir)})
	return k.to.open(dir, unix.O_PATH|unix.O_DIRECTORY)
}

// mode is that of a directory of the project, or else of the overlay.
func (k *keeper) mode(dir string) uint32 {
	for _, t := range []tree{k.below, k.from} {
		fd, err := t.open(dir, unix.O_PATH|unix.O_DIRECTORY)
		if err != nil {
			continue
		}
		var stat unix.Stat_t
		err = unix.Fstat(fd, &stat)
		unix.Close(fd)
		if err == nil {
			return stat.Mode
		}
	}
	return 0o700
}
