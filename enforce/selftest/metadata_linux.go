package selftest

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// metadata is a vector that Landlock does not control.
func metadata(id, what string, op func(path string) error) Vector {
	by := View
	if id == "readlink" || id == "mounts" { // which are those of the view, too
		by = 0
	}
	return Vector{ID: "metadata." + id, What: what, By: by, Design: "Landlock controls no metadata, which file permissions do",
		attack: func(w *World) error { return op(w.Outside + "/file") }}
}

func metadataVectors() []Vector {
	return []Vector{
		metadata("stat", "look at a file", func(p string) error { return unix.Stat(p, new(unix.Stat_t)) }),
		metadata("access", "ask whether a file can be read", func(p string) error { return unix.Access(p, unix.R_OK) }),
		metadata("readlink", "read where a link leads", func(p string) error {
			_, err := os.Readlink("/proc/self/exe")
			return err
		}),
		metadata("chdir", "change to a directory", func(p string) error { return apart(func() error { return unix.Chdir(filepath.Dir(p)) }) }),
		metadata("chmod", "change a file's mode", func(p string) error { return unix.Chmod(p, 0o600) }),
		metadata("chown", "change a file's owner to oneself", func(p string) error { return unix.Chown(p, os.Getuid(), os.Getgid()) }),
		metadata("utime", "change a file's times", func(p string) error { return unix.Utimes(p, make([]unix.Timeval, 2)) }),
		metadata("xattr", "set an extended attribute", func(p string) error {
			err := unix.Setxattr(p, "user.purity", []byte("x"), 0)
			if errors.Is(err, unix.ENOTSUP) { // of this file system
				return nil
			}
			return err
		}),
		metadata("statfs", "look at a file system", func(p string) error { return unix.Statfs(p, new(unix.Statfs_t)) }),
		metadata("inotify", "watch a directory", func(p string) error {
			fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
			if err != nil {
				return err
			}
			defer unix.Close(fd)
			_, err = unix.InotifyAddWatch(fd, filepath.Dir(p), unix.IN_ATTRIB)
			return err
		}),
		metadata("handle", "ask for a file's handle", func(p string) error {
			_, _, err := unix.NameToHandleAt(unix.AT_FDCWD, p, 0)
			if errors.Is(err, unix.EOPNOTSUPP) {
				return nil
			}
			return err
		}),
		metadata("file-attributes", "ask for a file's attributes", func(p string) error {
			return fileAttributes(unix.SYS_FILE_GETATTR, p)
		}),
		metadata("mounts", "ask for the mounts", func(string) error {
			request := struct {
				size, spare   uint32
				mount, cursor uint64
			}{size: 24, mount: ^uint64(0)} // LSMT_ROOT (linux/mount.h)
			var mounts [8]uint64
			return call(unix.SYS_LISTMOUNT, addressOf(&request), addressOf(&mounts[0]), uintptr(len(mounts)), 0)
		}),
		metadata("path-descriptor", "open a file by path only", func(p string) error { return open(p, unix.O_PATH) }),
	}
}
