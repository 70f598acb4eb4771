package words

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/nix-purity/purity/closure/hostile"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/enforce"
)

// interpreter returns the program of a script's #! line as the kernel reads it, empty for any
// other file.
func interpreter(file string) string {
	if named := firstLine(file); len(named) > 0 {
		return named[0]
	}
	return ""
}

// firstLine returns the words of a script's #! line, nil for any other file.
func firstLine(file string) []string {
	f, err := hostile.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	line := make([]byte, 256) // the kernel reads no more (execve(2))
	n, _ := io.ReadFull(f, line)
	first, _, _ := bytes.Cut(line[:n], []byte("\n"))
	named, script := bytes.CutPrefix(first, []byte("#!"))
	if !script {
		return nil
	}
	return strings.FieldsFunc(string(named), func(c rune) bool { return c == ' ' || c == '\t' })
}

func execHint(e *enforce.ExecError) string {
	info, err := os.Stat(e.Path)
	denied, absent := errors.Is(e, os.ErrPermission), errors.Is(e, os.ErrNotExist)
	switch {
	case err == nil && info.IsDir():
		return "it is a directory"
	case err == nil && info.Mode().IsRegular() && info.Mode()&0o111 == 0:
		return "it is not executable; if it is a program:  chmod +x " + shell.Quote(e.Path)
	case denied && noexec(e.Path):
		return "it lies on a file system that is mounted with noexec; mount shows the options"
	case (denied || absent) && strings.HasSuffix(interpreter(e.Path), "\r"):
		return `its first line ends with a carriage return; if all do:  sed -i 's/\r$//' ` + shell.Quote(e.Path)
	case (denied || absent) && interpreter(e.Path) != "":
		return "its first line names " + shell.Quote(interpreter(e.Path)) + "; purity policy lists all that can run"
	case denied:
		return "purity policy lists all that can run; a script needs its #! interpreter there, too"
	case absent:
		return "if the file is there, its #! interpreter or ELF loader is not"
	}
	return ""
}
