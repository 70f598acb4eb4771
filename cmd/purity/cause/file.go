package cause

import (
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
)

// openRegular opens a file of the project, where a watched command may have put
// anything: a named pipe would wait for its other end for ever.
func openRegular(name string) (*os.File, error) {
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() { // devices act when they are opened
		return nil, errors.Join(err, os.ErrInvalid)
	}
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, errors.Join(err, os.ErrInvalid)
	}
	return f, nil
}

// isELF reports whether a file is a program of the machine, and no script.
func isELF(file string) bool {
	f, err := openRegular(file)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 4)
	io.ReadFull(f, head) // a shorter file is none
	return string(head) == "\x7fELF"
}

// firstLine is that of a script, with a program that PATH has.
func firstLine(script, name string) string {
	line := "#!/usr/bin/env " + name
	f, err := openRegular(script)
	if err != nil {
		return line
	}
	defer f.Close()
	head := make([]byte, 256) // as much as the kernel reads
	n, _ := io.ReadFull(f, head)
	text, _, _ := strings.Cut(string(head[:n]), "\n")
	if words := strings.Fields(strings.TrimPrefix(text, "#!")); len(words) > 1 {
		return "#!/usr/bin/env -S " + name + " " + strings.Join(words[1:], " ")
	}
	return line
}
