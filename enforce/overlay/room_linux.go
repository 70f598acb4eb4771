package overlay

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// CanHold is an error where a directory cannot be the upper layer of an overlay: its file
// system has no attributes of users, or is one in which overlayfs does not write.
// (Documentation/filesystems/overlayfs.rst, "Upper and Lower".)
func CanHold(dir string) error {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	switch stat.Type {
	case unix.OVERLAYFS_SUPER_MAGIC, unix.NFS_SUPER_MAGIC:
		return fmt.Errorf("%s: overlayfs does not write in a file system of this kind", dir)
	}
	probe, err := os.MkdirTemp(dir, "probe-")
	if err != nil {
		return err
	}
	defer os.Remove(probe)
	if err := unix.Setxattr(probe, "user.overlay.probe", []byte("y"), 0); err != nil {
		return &os.PathError{Op: "setxattr", Path: dir, Err: err}
	}
	return nil
}

// Make makes the directories of an overlay of dir in an empty one. The command sees the
// upper one in the place of dir, so it has dir's mode, owner and times.
func Make(dir, in string) (upper, work string, err error) {
	upper, work = filepath.Join(in, "upper"), filepath.Join(in, "work")
	for _, d := range []string{upper, work} {
		if err := os.Mkdir(d, 0o700); err != nil {
			return "", "", fmt.Errorf("make overlay: %w", err)
		}
	}
	var stat unix.Stat_t
	err = unix.Stat(dir, &stat)
	if err == nil && os.Geteuid() == 0 {
		err = unix.Chown(upper, int(stat.Uid), int(stat.Gid))
	}
	if err == nil {
		err = unix.Chmod(upper, stat.Mode&0o7777)
	}
	if err == nil {
		err = unix.UtimesNanoAt(unix.AT_FDCWD, upper, []unix.Timespec{stat.Atim, stat.Mtim}, 0)
	}
	if err != nil {
		return "", "", fmt.Errorf("make overlay of %s: %w", dir, err)
	}
	return upper, work, nil
}
