// Package hostile opens files that a confined command, a clone or a tarball
// could have made: those of a project, its .git included, of a private HOME and
// of a TMPDIR.
//
// Such a file can have any type and any size under any name. A FIFO keeps its
// reader for ever, a link to /dev/zero fills the memory. So purity opens these
// files here and nowhere else; a test in cmd/purity holds that. The package lies
// below closure because nixeval and enforce, which both need it, may both import
// the file.
package hostile

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// The faults of files that are not read.
var (
	ErrNotRegular = errors.New("not a regular file")
	ErrTooLong    = errors.New("too long")
)

// Open opens a file for reading. Symbolic links are followed. A file that is no regular
// file in the end is [ErrNotRegular], within a [*fs.PathError]; opening it does
// not block and makes no terminal the controlling one (open(2), O_NONBLOCK and
// O_NOCTTY).
func Open(name string) (*os.File, error) {
	file, err := os.OpenFile(name, flags, 0)
	return regular(name, file, err)
}

// flags are those that [Open] opens with.
const flags = os.O_RDONLY | syscall.O_NONBLOCK | syscall.O_NOCTTY

// regular is file if it is a regular one; else that is closed.
func regular(name string, file *os.File, err error) (*os.File, error) {
	if errors.Is(err, syscall.ENXIO) { // a socket, or a device that is not there
		err = &fs.PathError{Op: "open", Path: name, Err: ErrNotRegular}
	}
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: ErrNotRegular}
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// ReadFile returns the content of a regular file that has at most limit bytes.
// A longer one is [ErrTooLong], within a [*fs.PathError].
func ReadFile(name string, limit int64) ([]byte, error) {
	file, err := Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return read(file, limit)
}

// ReadText is [ReadFile] for files kept as text, of which there is no second copy.
func ReadText(name string, limit int64) (string, error) {
	file, err := Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	tooLong := &fs.PathError{Op: "read", Path: name, Err: ErrTooLong}
	if info.Size() > limit {
		return "", tooLong
	}
	var text strings.Builder
	text.Grow(int(info.Size()))
	if _, err := io.Copy(&text, io.LimitReader(file, limit+1)); err != nil {
		return "", err
	}
	if int64(text.Len()) > limit {
		return "", tooLong
	}
	return text.String(), nil
}

// ReadIn is [ReadFile] for a file in a directory that no link leads out of.
func ReadIn(root *os.Root, name string, limit int64) ([]byte, error) {
	file, err := root.OpenFile(name, flags, 0)
	if file, err = regular(name, file, err); err != nil {
		return nil, err
	}
	defer file.Close()
	return read(file, limit)
}

func read(file *os.File, limit int64) ([]byte, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	tooLong := &fs.PathError{Op: "read", Path: file.Name(), Err: ErrTooLong}
	if info.Size() > limit {
		return nil, tooLong
	}
	data := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead)) // files of /proc have no size
	if _, err := data.ReadFrom(io.LimitReader(file, limit+1)); err != nil {
		return nil, err
	}
	if int64(data.Len()) > limit {
		return nil, tooLong
	}
	return data.Bytes(), nil
}

// OpenNamed opens a file that a person names on a command line. A file that a shell hands
// over by a descriptor, as <(command) does, is read whatever it is.
func OpenNamed(name string) (*os.File, error) {
	if strings.HasPrefix(name, "/dev/fd/") || strings.HasPrefix(name, "/proc/self/fd/") {
		return os.Open(name)
	}
	return Open(name)
}

// ReadNamed is [ReadFile] for files of [OpenNamed].
func ReadNamed(name string, limit int64) ([]byte, error) {
	file, err := OpenNamed(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return read(file, limit)
}
