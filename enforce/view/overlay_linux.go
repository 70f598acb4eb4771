package view

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
)

// layer mounts the overlay at its place. It names the layers by descriptors, so that no
// process can exchange them, and mountinfo shows the command no path outside.
//
// The overlay keeps its own data in user extended attributes (userxattr), which a user
// namespace may write (Linux 5.11). Its data need not outlive the run or reach the disk
// (volatile).
func (b *builder) layer(p place, covered bool) error {
	lower, _, _, err := p.grant.Place()
	if err != nil {
		return fmt.Errorf("show %s: %w", p.path, err)
	}
	defer unix.Close(lower)
	options := []option{{"source", "purity"}, {"lowerdir", descriptor(lower)}}
	for key, dir := range map[string]string{"upperdir": b.layers.Upper, "workdir": b.layers.Work} {
		fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("show %s as an overlay: open %s: %w", p.path, dir, err)
		}
		defer unix.Close(fd)
		options = append(options, option{key, descriptor(fd)})
	}
	options = append(options, option{"userxattr", ""}, option{"volatile", ""})
	tree, err := newMount("overlay", plain|noexec(lower), options...)
	if err != nil {
		return noOverlay(overlaid+p.path, err, filepath.Dir(b.layers.Upper))
	}
	defer unix.Close(tree)
	if err := b.attachAt(tree, p.path, true, covered); err != nil {
		return fmt.Errorf("show %s as an overlay: %w", p.path, err)
	}
	b.bound[p.path] = enforce.All
	return nil
}

// noexec is the attribute for a mount above a directory that nothing is executed in: a copy that
// the command writes is not executed either.
func noexec(dir int) int {
	var stat unix.Statfs_t
	if unix.Fstatfs(dir, &stat) == nil && stat.Flags&unix.ST_NOEXEC != 0 {
		return unix.MOUNT_ATTR_NOEXEC
	}
	return 0
}

func descriptor(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }

// overlaid is the prefix of [RefusedError.What] for overlays.
const overlaid = "overlay "

// noOverlay returns the error, with a remedy, for an overlay whose upper layer lies in written.
func noOverlay(what string, err error, written string) *RefusedError {
	e := &RefusedError{What: what, Err: err}
	var errno syscall.Errno
	errors.As(err, &errno)
	switch errno {
	case unix.ENODEV:
		e.Fix = "the kernel has no overlayfs: modprobe overlay, as root"
	case unix.EPERM, unix.EACCES:
		e.Fix = "overlays of users take Linux 5.11 or later, and a container or a security module that allows them"
	default:
		e.Fix = fmt.Sprintf("overlayfs does not take the file system of the project, or that of %s: copy the project to another, or set XDG_CACHE_HOME to another", written)
	}
	return e
}

// OverlayAvailable returns nil if a view can show an overlay whose changes go to dir, else
// a [*RefusedError]. It starts a process that tries, and leaves directories in dir for the
// caller to remove.
func OverlayAvailable(dir string) error {
	l := layersIn(dir)
	for _, d := range []string{l.Dir, l.Upper, l.Work} {
		if err := os.Mkdir(d, 0o700); err != nil {
			return fmt.Errorf("try an overlay: %w", err)
		}
	}
	return available(dir)
}

func layersIn(dir string) Layers {
	return Layers{Dir: filepath.Join(dir, "lower"), Upper: filepath.Join(dir, "upper"), Work: filepath.Join(dir, "work")}
}
