package hostile

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// nextData is the next part of a file from at on that is no hole, up to size; -1 if
// there is none (lseek(2), SEEK_DATA). A file system that knows no holes has none.
func nextData(f *os.File, at, size int64) (from, to int64) {
	from, err := unix.Seek(int(f.Fd()), at, unix.SEEK_DATA)
	if errors.Is(err, unix.ENXIO) {
		return -1, -1
	}
	if err != nil {
		return at, size
	}
	to, err = unix.Seek(int(f.Fd()), from, unix.SEEK_HOLE)
	if err != nil || to <= from || to > size {
		to = size
	}
	return from, to
}
