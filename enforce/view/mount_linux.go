package view

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// System calls for mounts on descriptors: names could be exchanged by another process
// (fsopen(2), open_tree(2), move_mount(2), mount_setattr(2)). They take Linux 5.2 and, the
// last one, 5.12; every kernel with Landlock is later.

// option is a parameter of a file system, a flag if the value is empty.
type option struct{ key, value string }

// newMount makes a file system that is mounted nowhere yet and returns its root.
func newMount(kind string, attributes int, options ...option) (fd int, err error) {
	context, err := unix.Fsopen(kind, unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("fsopen %s: %w", kind, err)
	}
	defer unix.Close(context)
	for _, o := range options {
		set := func() error { return unix.FsconfigSetString(context, o.key, o.value) }
		if o.value == "" {
			set = func() error { return unix.FsconfigSetFlag(context, o.key) }
		}
		if err := set(); err != nil {
			return -1, fmt.Errorf("fsconfig %s %s: %w", kind, o.key, err)
		}
	}
	if err := unix.FsconfigCreate(context); err != nil {
		return -1, fmt.Errorf("fsconfig %s: %w", kind, err)
	}
	fd, err = unix.Fsmount(context, unix.FSMOUNT_CLOEXEC, attributes)
	if err != nil {
		return -1, fmt.Errorf("fsmount %s: %w", kind, err)
	}
	return fd, nil
}

// copyMount copies the mount of a file in a directory, or of the descriptor's own file if the
// name is empty, with the mounts below. It follows no link.
func copyMount(fd int, name string) (tree int, err error) {
	flags := unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC | unix.AT_RECURSIVE | unix.AT_SYMLINK_NOFOLLOW
	if name == "" {
		flags |= unix.AT_EMPTY_PATH
	}
	tree, err = unix.OpenTree(fd, name, uint(flags))
	if err != nil {
		return -1, fmt.Errorf("open_tree: %w", err)
	}
	return tree, nil
}

// clone copies the mount of a descriptor's file, and sets attributes of the copy and those below.
func clone(fd int, set uint64) (tree int, err error) {
	tree, err = copyMount(fd, "")
	if err != nil {
		return -1, err
	}
	if err := setAttributes(tree, unix.AT_RECURSIVE, set); err != nil {
		unix.Close(tree)
		return -1, err
	}
	return tree, nil
}

func setAttributes(fd int, flags uint, set uint64) error {
	if err := unix.MountSetattr(fd, "", flags|unix.AT_EMPTY_PATH, &unix.MountAttr{Attr_set: set}); err != nil {
		return fmt.Errorf("mount_setattr: %w", err)
	}
	return nil
}

// attach mounts a tree at a name in a directory, or at the directory itself if the name
// is empty. It follows no link at that name.
func attach(tree, dir int, name string) error {
	flags := unix.MOVE_MOUNT_F_EMPTY_PATH
	if name == "" {
		flags |= unix.MOVE_MOUNT_T_EMPTY_PATH
	}
	if err := unix.MoveMount(tree, "", dir, name, flags); err != nil {
		return fmt.Errorf("move_mount: %w", err)
	}
	return nil
}

// beneath opens a path below a directory (O_PATH) and follows no link.
func beneath(dir int, path string, flags uint64) (int, error) {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC | unix.O_NOFOLLOW | flags, Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS}
	for {
		fd, err := unix.Openat2(dir, path, &how)
		if !errors.Is(err, unix.EINTR) && !errors.Is(err, unix.EAGAIN) {
			return fd, err
		}
	}
}
