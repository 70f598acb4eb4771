package view

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
)

// settings makes all files of /proc read-only but those of processes: a command of root could
// change the kernel's settings. Those of processes are the command's own.
func (b *builder) settings() error {
	proc, err := unix.Openat(b.root, "proc", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &RefusedError{What: "open /proc", Err: err}
	}
	dir := os.NewFile(uintptr(proc), "/proc")
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return &RefusedError{What: "list /proc", Err: err}
	}
	for _, name := range names {
		if !enforce.OfKernel("/proc/" + name) {
			continue
		}
		if err := b.shut(proc, name); err != nil {
			return refusal("close /proc/"+name, err)
		}
	}
	return nil
}

// shut makes an entry of /proc read-only, if it can be written or has files that can.
func (b *builder) shut(proc int, name string) error {
	var stat unix.Stat_t
	err := unix.Fstatat(proc, name, &stat, unix.AT_SYMLINK_NOFOLLOW)
	kind := stat.Mode & unix.S_IFMT
	switch {
	case errors.Is(err, unix.ENOENT): // gone, with its module
		return nil
	case err != nil:
		return err
	case kind != unix.S_IFDIR && (kind != unix.S_IFREG || stat.Mode&0o222 == 0):
		return nil
	}
	fd, err := beneath(proc, name, 0)
	if err != nil {
		return err
	}
	return b.again(fd, enforce.Read)
}
