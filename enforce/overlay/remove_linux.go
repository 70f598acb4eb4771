package overlay

import (
	"errors"
	"fmt"
	"path"

	"golang.org/x/sys/unix"
)

// heldError says that a path stays because of a file that would go with it.
type heldError struct{ path, why string }

func (e *heldError) Error() string { return fmt.Sprintf("%s is in it: %s", e.path, e.why) }

// remove removes a path with all below it, or nothing of it.
func (k *keeper) remove(at string) error {
	if err := k.removable(at, at); err != nil {
		return err
	}
	return k.unlink(at)
}

// removable returns an error if somebody outside changed a file there during the run, or if
// one is guarded: the command may have moved it to where it is not kept. at is the path to
// look at, and top that to remove.
func (k *keeper) removable(at, top string) error {
	there, err := k.entry(at)
	if err != nil {
		return err
	}
	kind := typeOf(there.Mode)
	if k.later(there) && at != top {
		return fmt.Errorf("%s: %w", at, errMeanwhile)
	}
	if k.later(there) {
		return errMeanwhile
	}
	if why := k.refused(Change{Path: at, What: Removed, Type: kind}); why != "" {
		return &heldError{at, why}
	}
	if kind != "directory" {
		return nil
	}
	names, err := k.names(at)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := k.removable(join(at, name), top); err != nil {
			return err
		}
	}
	return nil
}

// unlink removes a path with all below it, but no file that is newer than the run.
func (k *keeper) unlink(at string) error {
	there, err := k.entry(at)
	if err != nil {
		return err
	}
	parent, err := k.parent(at, false)
	if err != nil {
		return err
	}
	defer unix.Close(parent)
	if typeOf(there.Mode) != "directory" {
		if k.later(there) {
			return errMeanwhile
		}
		k.loses(there)
		return unix.Unlinkat(parent, path.Base(at), 0)
	}
	names, err := k.names(at)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := k.unlink(join(at, name)); err != nil {
			return err
		}
	}
	return unix.Unlinkat(parent, path.Base(at), unix.AT_REMOVEDIR)
}

// entry is the state of a path in the directory; to have none there is an error.
func (k *keeper) entry(at string) (unix.Stat_t, error) {
	parent, err := k.parent(at, false)
	if err != nil {
		return unix.Stat_t{}, err
	}
	defer unix.Close(parent)
	there, err := entry(parent, path.Base(at))
	if err == nil && there.Mode == 0 {
		err = unix.ENOENT
	}
	return there, err
}

// names are the names in a directory.
func (k *keeper) names(at string) ([]string, error) {
	fd, err := k.to.open(at, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	names, err := list(fd)
	if errors.Is(err, unix.ENOENT) {
		return nil, nil
	}
	return names, err
}
