package cause

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/enforce/observe"
)

// whereAsked is the line of a makefile that names what make was refused, if
// there is one such line.
func whereAsked(d observe.Denial) string {
	if filepath.Base(d.By.Program) != "make" && filepath.Base(d.By.Parent) != "make" || d.Path == "" {
		return ""
	}
	s := makefiles{dir: d.By.Dir, wanted: d.Path, seen: map[string]bool{}}
	for _, name := range asked(d.By) {
		s.read(name)
	}
	if len(s.lines) == 0 { // a recipe's shell does not tell which makefile it is of
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
	if len(s.lines) != 1 {
		return ""
	}
	return s.lines[0]
}

func escapeGlob(dir string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(dir)
}

// asked are the makefiles that a make reads: those of its arguments, else the
// first of the usual names.
func asked(by observe.Process) []string {
	var names []string
	if filepath.Base(by.Program) == "make" {
		for i, arg := range by.Args {
			for _, long := range []string{"--file=", "--makefile="} {
				if name, ok := strings.CutPrefix(arg, long); ok {
					names = append(names, name)
				}
			}
			if name, ok := strings.CutPrefix(arg, "-f"); ok && name != "" {
				names = append(names, name)
			}
			if i > 0 && slices.Contains([]string{"-f", "--file", "--makefile"}, by.Args[i-1]) {
				names = append(names, arg)
			}
		}
	}
	if len(names) > 0 {
		return names
	}
	for _, name := range []string{"GNUmakefile", "makefile", "Makefile"} {
		if _, err := os.Lstat(filepath.Join(by.Dir, name)); err == nil {
			return []string{name}
		}
	}
	return nil
}

// makefiles looks for lines in makefiles and those that they include.
type makefiles struct {
	dir, wanted string
	seen        map[string]bool
	lines       []string // FILE:LINE
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
		text := lines.Text()
		if strings.Contains(text, s.wanted) {
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
