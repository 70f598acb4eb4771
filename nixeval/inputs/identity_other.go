//go:build !linux

package inputs

import (
	"os"

	"golang.org/x/sys/unix"
)

func identityOf(s *unix.Stat_t) identity {
	return identity{
		Dev: uint64(s.Dev), Ino: s.Ino, Size: uint64(s.Size), Mode: uint32(s.Mode),
		Mtime: uint64(s.Mtim.Nano()), Ctime: uint64(s.Ctim.Nano()),
	}
}

// nextData is all of a file from at on: holes are looked for on Linux only.
func nextData(_ *os.File, at, size int64) (from, to int64) { return at, size }
