package cause

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/nix-purity/purity/enforce/observe"
)

// whereAsked is the line of a makefile that names what make was refused, the
// first if there are more; empty if none does.
func whereAsked(d observe.Denial) string {
	args, isMake := makeArgs(d.By)
	if !isMake || d.Path == "" {
		return ""
	}
	s := makefiles{dir: d.By.Dir, wanted: asWord(d.Path), seen: map[string]bool{}}
	for _, name := range asked(d.By.Dir, args) {
		s.read(name)
	}
	if len(s.lines) == 0 { // what they include may have a name that make puts together
		for _, pattern := range []string{"*.mk", "*.mak"} {
			names, err := filepath.Glob(filepath.Join(escapeGlob(d.By.Dir), pattern))
			if err != nil {
				continue
			}
			for _, name := range names {
				s.read(filepath.Base(name))
			}
		}
	}
	switch n := len(s.lines); n {
	case 0:
		return ""
	case 1:
		return s.lines[0]
	default:
		return fmt.Sprintf("%s, and %d more", s.lines[0], n-1)
	}
}

// makeArgs are the arguments of the make that a process is, or is started by.
func makeArgs(by observe.Process) (args []string, isMake bool) {
	switch "make" {
	case filepath.Base(by.Program):
		return by.Args, true
	case filepath.Base(by.Starter):
		return by.StarterArgs, true
	}
	return nil, false
}

// asWord finds a path that stands for itself, and is no part of another; it may
// be the value of an option, follow the @ of a recipe, and end with a slash.
func asWord(path string) *regexp.Regexp {
	return regexp.MustCompile(`(^[\s@+-]*|[^\w.+/~-])(-[A-Za-z]*)?` + regexp.QuoteMeta(path) + `/?($|[^\w.+/@~-])`)
}

// comment is that of a line of a makefile, or of a recipe's shell.
var comment = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(^|\s)#.*`)
})

func escapeGlob(dir string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(dir)
}

// asked are the makefiles that a make reads by its arguments, else the first of
// the usual names.
func asked(dir string, args []string) []string {
	var names []string
	for i, arg := range args {
		for _, long := range []string{"--file=", "--makefile="} {
			if name, ok := strings.CutPrefix(arg, long); ok {
				names = append(names, name)
			}
		}
		if name, ok := strings.CutPrefix(arg, "-f"); ok && name != "" {
			names = append(names, name)
		}
		if i > 0 && slices.Contains([]string{"-f", "--file", "--makefile"}, args[i-1]) {
			names = append(names, arg)
		}
	}
	if len(names) > 0 {
		return names
	}
	for _, name := range []string{"GNUmakefile", "makefile", "Makefile"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return []string{name}
		}
	}
	return nil
}

// makefiles looks for lines in makefiles and those that they include.
type makefiles struct {
	dir    string
	wanted *regexp.Regexp
	seen   map[string]bool
	lines  []string // FILE:LINE
}

// manyMakefiles are more than anybody has a hint found in.
const manyMakefiles = 50

func (s *makefiles) read(name string) {
	file := name
	if !filepath.IsAbs(file) {
		file = filepath.Join(s.dir, name)
	}
	if s.seen[file] || len(s.seen) >= manyMakefiles {
		return
	}
	s.seen[file] = true
	f, err := openRegular(file)
	if err != nil {
		return
	}
	defer f.Close()
	number := 0
	for lines := bufio.NewScanner(io.LimitReader(f, 1<<20)); lines.Scan(); {
		number++
		text := comment().ReplaceAllString(lines.Text(), "")
		if s.wanted.MatchString(text) {
			s.lines = append(s.lines, fmt.Sprintf("%s:%d", name, number))
		}
		if words := strings.Fields(text); len(words) > 1 && slices.Contains([]string{"include", "-include", "sinclude"}, words[0]) {
			for _, included := range words[1:] {
				if !strings.ContainsAny(included, "$*?[#") {
					s.read(included)
				}
			}
		}
	}
}
