package overlay

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// copyFile copies the content of a file as the file system can: it shares the blocks, or
// copies all but the holes.
func copyFile(target, source *os.File, size int64) error {
	if unix.IoctlFileClone(int(target.Fd()), int(source.Fd())) == nil {
		return nil
	}
	for at := int64(0); at < size; {
		from, to, err := data(source, at, size)
		if err != nil {
			return err
		}
		if from < 0 {
			break
		}
		if _, err := source.Seek(from, io.SeekStart); err != nil {
			return err
		}
		if _, err := target.Seek(from, io.SeekStart); err != nil {
			return err
		}
		if _, err := io.CopyN(target, source, to-from); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		at = to
	}
	return target.Truncate(size)
}

// data is the next part of a file that is no hole (lseek(2), SEEK_DATA); -1 if there is
// none. A file system that knows no holes has none.
func data(file *os.File, at, size int64) (from, to int64, err error) {
	from, err = unix.Seek(int(file.Fd()), at, unix.SEEK_DATA)
	switch {
	case errors.Is(err, unix.ENXIO):
		return -1, -1, nil
	case errors.Is(err, unix.EINVAL):
		return at, size, nil
	case err != nil:
		return 0, 0, err
	}
	to, err = unix.Seek(int(file.Fd()), from, unix.SEEK_HOLE)
	if err != nil || to <= from || to > size {
		return from, size, nil
	}
	return from, to, nil
}
