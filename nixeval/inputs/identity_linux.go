package inputs

import "golang.org/x/sys/unix"

func identityOf(s *unix.Stat_t) identity {
	return identity{
		Dev: s.Dev, Ino: s.Ino, Size: uint64(s.Size), Mode: s.Mode,
		Mtime: uint64(s.Mtim.Nano()), Ctime: uint64(s.Ctim.Nano()),
	}
}
