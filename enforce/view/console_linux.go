package view

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// console shows the command's terminal, which the new /dev/pts lacks, as /dev/console,
// where ttyname(3) finds it.
func (b *builder) console() error {
	for fd := range 3 {
		if _, err := unix.IoctlGetTermios(fd, unix.TCGETS); err != nil {
			continue
		}
		file, err := terminal(fd)
		if err != nil {
			return nil // it is another user's, or of another /dev, and stays nameless
		}
		defer unix.Close(file)
		tree, err := clone(file, unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC)
		if err != nil {
			return refusal("show the terminal", err)
		}
		defer unix.Close(tree)
		parent, err := b.mountPoint("/dev/console", false)
		if err == nil {
			err = attach(tree, parent, "console")
		}
		if err != nil {
			return fmt.Errorf("show terminal: %w", err)
		}
		return nil
	}
	return nil
}

// terminal opens the file of a terminal by its name. The descriptor itself belongs to a
// mount of the namespace outside, which open_tree(2) does not clone here (EINVAL).
func terminal(fd int) (int, error) {
	name, err := os.Readlink(descriptor(fd))
	if err != nil {
		return -1, err
	}
	file, err := unix.Open(name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	var is, named unix.Stat_t
	if unix.Fstat(fd, &is) != nil || unix.Fstat(file, &named) != nil || is.Dev != named.Dev || is.Ino != named.Ino || is.Rdev != named.Rdev {
		unix.Close(file)
		return -1, unix.ENODEV
	}
	return file, nil
}
