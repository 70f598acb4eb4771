package host

import (
	"io/fs"
	"os"
	"syscall"
)

// mine reports whether a file, or a process by its directory in /proc, is of
// this user.
func mine(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Getuid()
}
