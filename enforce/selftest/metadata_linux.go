package selftest

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
)

// metadata is a vector that Landlock does not control.
func metadata(id, what string, op func(path string) error) Vector {
	return Vector{ID: "metadata." + id, What: what, By: View, Design: "Landlock controls no metadata, which file permissions do",
		attack: func(w *World) error { return op(w.Outside + "/file") }}
}

func metadataVectors() []Vector {
	return []Vector{
		metadata("stat", "look at a file", func(p string) error { return unix.Stat(p, new(unix.Stat_t)) }),
		metadata("access", "ask whether a file can be read", func(p string) error { return unix.Access(p, unix.R_OK) }),
		metadata("readlink", "read where a link leads", func(p string) error {
			_, err := os.Readlink(filepath.Dir(p) + "/link")
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
		{ID: "metadata.mounts", What: "find a mount of the machine", By: View, Design: "Landlock controls no metadata, which file permissions do",
			attack: func(w *World) error { return findMount(w.Mount) }},
		metadata("path-descriptor", "open a file by path only", func(p string) error { return open(p, unix.O_PATH) }),
	}
}

// showsAny is nil where a directory shows one of some names.
func showsAny(dir string, names []string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(entries, func(e os.DirEntry) bool { return slices.Contains(names, e.Name()) }) {
		return nil
	}
	return unix.ENOENT
}

// ungranted are the names in the root directory that lead to no grant.
func ungranted(grants []enforce.Grant) []string {
	entries, _ := os.ReadDir("/") // those of none are found by no attack
	var names []string
	for _, e := range entries {
		dir := "/" + e.Name()
		if !slices.ContainsFunc(grants, func(g enforce.Grant) bool {
			return enforce.Inside(g.Path, dir) || enforce.Inside(enforce.Real(g.Path), enforce.Real(dir))
		}) {
			names = append(names, e.Name())
		}
	}
	return names
}

// mountOf is the number of the mount that a path is on.
func mountOf(path string) (uint64, error) {
	var stat unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_MNT_ID, &stat)
	if err == nil && stat.Mask&unix.STATX_MNT_ID == 0 { // before Linux 5.8
		err = unix.ENOSYS
	}
	return stat.Mnt_id, err
}

// findMount is nil where a mount is among those that this process is shown
// (proc_pid_mountinfo(5)).
func findMount(mount uint64) error {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(data)) {
		if number, _, _ := strings.Cut(line, " "); number == strconv.FormatUint(mount, 10) {
			return nil
		}
	}
	return unix.ENOENT
}
