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

// makefiles finds lines of makefiles that name paths. Each makefile is read once, however
// many paths are looked for.
type makefiles struct {
	known    map[string]*words   // by directory and names
	included map[string][]string // names that there are in a directory
}

func newMakefiles() makefiles {
	return makefiles{known: map[string]*words{}, included: map[string][]string{}}
}

// whereAsked is the line of a makefile that names the denied file, the
// first if there are more; empty if none does.
func (m makefiles) whereAsked(d observe.Denial) string {
	args, isMake := makeArgs(d.By)
	if !isMake || d.Path == "" {
		return ""
	}
	names := asked(d.By.Dir, args)
	lines := m.of(d.By.Dir, names).naming(d.Path)
	if len(lines) == 0 { // they may include a name that make puts together
		lines = m.of(d.By.Dir, append(names, m.there(d.By.Dir)...)).naming(d.Path)
	}
	switch n := len(lines); n {
	case 0:
		return ""
	case 1:
		return lines[0]
	default:
		return fmt.Sprintf("%s, and %d more", lines[0], n-1)
	}
}

// there are the makefiles of a directory that others can include.
func (m makefiles) there(dir string) []string {
	names, known := m.included[dir]
	if !known {
		for _, pattern := range []string{"*.mk", "*.mak"} {
			if found, err := filepath.Glob(filepath.Join(escapeGlob(dir), pattern)); err == nil {
				for _, file := range found {
					names = append(names, filepath.Base(file))
				}
			}
		}
		m.included[dir] = names
	}
	return names
}

// of are the lines of makefiles of a directory.
func (m makefiles) of(dir string, names []string) *words {
	key := dir + "\x00" + strings.Join(names, "\x00")
	w := m.known[key]
	if w == nil {
		w = &words{dir: dir, seen: map[string]bool{}, at: map[string][]line{}}
		m.known[key] = w
		for _, name := range names {
			w.read(name)
		}
	}
	return w
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

// words are lines of makefiles, and those that they include, by the words in them.
type words struct {
	dir  string
	seen map[string]bool
	at   map[string][]line
}

// line is one of a makefile.
type line struct{ place, text string } // FILE:LINE

// separator is in no path that is found as one word.
func separator(r rune) bool {
	letter := 'a' <= r|0x20 && r|0x20 <= 'z' && r < 0x80
	return !letter && (r < '0' || '9' < r) && !strings.ContainsRune("_.+/~-", r)
}

// naming are the places of the lines that have a path as a word.
func (w *words) naming(path string) []string {
	parts := strings.FieldsFunc(path, separator)
	if len(parts) == 0 {
		return nil
	}
	// Options and prefixes that make obeys in a recipe stand before the first slash.
	first := parts[0][max(0, strings.IndexByte(parts[0], '/')):]
	var places []string
	var wanted *regexp.Regexp
	for _, l := range w.at[strings.TrimSuffix(first, "/")] {
		if wanted == nil {
			wanted = asWord(path)
		}
		if wanted.MatchString(l.text) {
			places = append(places, l.place)
		}
	}
	return places
}

// manyMakefiles are more than anybody has a hint found in.
const manyMakefiles = 50

func (w *words) read(name string) {
	file := name
	if !filepath.IsAbs(file) {
		file = filepath.Join(w.dir, name)
	}
	if w.seen[file] || len(w.seen) >= manyMakefiles {
		return
	}
	w.seen[file] = true
	f, err := openRegular(file)
	if err != nil {
		return
	}
	defer f.Close()
	number := 0
	for lines := bufio.NewScanner(io.LimitReader(f, 1<<20)); lines.Scan(); {
		number++
		text := comment().ReplaceAllString(lines.Text(), "")
		w.add(line{fmt.Sprintf("%s:%d", name, number), text})
		if words := strings.Fields(text); len(words) > 1 && slices.Contains([]string{"include", "-include", "sinclude"}, words[0]) {
			for _, included := range words[1:] {
				if !strings.ContainsAny(included, "$*?[#") {
					w.read(included)
				}
			}
		}
	}
}

func (w *words) add(l line) {
	for word := range strings.FieldsFuncSeq(l.text, separator) {
		slash := strings.IndexByte(word, '/')
		if slash < 0 {
			continue
		}
		key := strings.TrimSuffix(word[slash:], "/")
		if lines := w.at[key]; len(lines) == 0 || lines[len(lines)-1] != l {
			w.at[key] = append(lines, l)
		}
	}
}
