package report

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// File is where a report goes: known before the command starts, for afterwards
// every name in a directory that the command can write may lead elsewhere.
type File struct {
	format string
	out    io.WriteCloser // a stream, or nil
	dir    *os.Root       // where else the file is put
	base   string
	mode   fs.FileMode
}

// Open makes sure that a report can be written to name. With no format it is the
// one that the name asks for; "-" is standard output. A link of that name is
// replaced, not followed. Directory opens the directory that it is put in.
func Open(name, format string, stdout io.Writer, directory func(name string) (*os.Root, error)) (*File, error) {
	f := &File{format: format, mode: 0o644}
	if format == "" {
		var err error
		if f.format, err = FormatOf(name); err != nil {
			return nil, err
		}
	}
	if name == "-" {
		f.out = kept{stdout}
		return f, nil
	}
	if strings.HasPrefix(name, "/dev/") && !strings.HasPrefix(name, "/dev/shm/") || strings.HasPrefix(name, "/proc/") { // /dev/stdout, >(command)
		out, err := os.OpenFile(name, os.O_WRONLY, 0)
		f.out = out
		return f, wrote(err)
	}
	f.base = filepath.Base(name)
	var err error
	if f.dir, err = directory(filepath.Dir(name)); err != nil {
		return nil, wrote(err)
	}
	switch info, err := f.dir.Lstat(f.base); {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("write report: %s is a directory", name)
	case err == nil && info.Mode().IsRegular():
		f.mode = info.Mode().Perm()
	}
	probe, temporary, err := f.create()
	if err != nil {
		return nil, wrote(err)
	}
	probe.Close()
	return f, wrote(f.dir.Remove(temporary))
}

// create makes a file beside the one that is meant, by a name that nobody knows.
func (f *File) create() (file *os.File, name string, err error) {
	name = ".purity-" + rand.Text()
	file, err = f.dir.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.mode)
	return file, name, err
}

// Write writes r, at once or not at all.
func (f *File) Write(r Report) error {
	if f.out != nil {
		return wrote(errors.Join(r.Write(f.out, f.format), f.out.Close()))
	}
	file, name, err := f.create()
	if err != nil {
		return wrote(err)
	}
	if err = errors.Join(r.Write(file, f.format), file.Close()); err == nil {
		err = f.dir.Rename(name, f.base)
	}
	if err != nil {
		f.dir.Remove(name)
	}
	return wrote(err)
}

func wrote(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("write report: %w", err)
}

// kept is a stream that stays open.
type kept struct{ io.Writer }

func (kept) Close() error { return nil }

// FormatOf is the form that the name of a file asks for.
func FormatOf(file string) (string, error) {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".json":
		return "json", nil
	case ".sarif":
		return "sarif", nil
	case ".html", ".htm":
		return "html", nil
	case ".txt", ".text", ".log", "":
		return "text", nil
	}
	return "", &NameError{file}
}

// NameError is a file whose name asks for no form that there is.
type NameError struct{ File string }

func (e *NameError) Error() string {
	return fmt.Sprintf("write report: the name %s tells no form", e.File)
}
