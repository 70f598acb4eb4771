package words

import "golang.org/x/sys/unix"

// noexec reports whether a file lies on a mount that forbids executing.
func noexec(file string) bool {
	var stat unix.Statfs_t
	return unix.Statfs(file, &stat) == nil && stat.Flags&unix.ST_NOEXEC != 0
}
