package cause

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/enforce/observe"
)

// naming is the part of a process that led it to the denied path.
type naming struct {
	words  string // "its argument -L/usr/lib"
	arg    string // -L/usr/lib; empty for a variable
	dir    string // the named path: the file, or a directory above it
	remove string // how to be rid of it: "take -L/usr/lib away"
}

// named looks for the place that names a file, or a directory that it is in, among the
// arguments and the variables of the process.
func named(d observe.Denial, storeDir string) naming {
	if d.Path == "" || d.Kind == "program" {
		return naming{}
	}
	n := byArgument(d)
	if n == (naming{}) {
		return byVariable(d)
	}
	if adder := adderOf(n.arg, d.By, storeDir); adder != "" {
		n.words += ", which " + adder + " adds"
		n.remove = "you did not type " + n.arg + ", " + adder + " adds it"
	}
	return n
}

// adderOf is the program that adds an argument to those that it was given itself, such as
// the wrapper of a compiler; empty if somebody typed it, or wrote it into a makefile.
func adderOf(arg string, by observe.Process, storeDir string) string {
	for _, above := range by.Above {
		switch {
		case launches(above.Program, above.Args, storeDir):
			return ""
		case !given(above.Args, arg):
			name := filepath.Base(above.Program)
			if len(above.Args) > 1 && launchers()[name] { // of a script the script
				name = filepath.Base(above.Args[1])
			}
			return name
		}
	}
	return ""
}

// given reports whether arguments have one, which may be a part of another there:
// -I/usr/include for a compiler is -I and /usr/include for its children.
func given(args []string, arg string) bool {
	return slices.ContainsFunc(args, func(a string) bool { return strings.HasSuffix(a, arg) })
}

func byArgument(d observe.Denial) naming {
	for i, arg := range d.By.Args {
		if i == 0 || len(arg) > 300 {
			continue
		}
		previous := d.By.Args[i-1]
		switch option := strings.HasPrefix(arg, "-"); {
		case option:
			for _, value := range values(arg) {
				if leads(value, d) {
					return naming{"its argument " + arg, arg, absolute(value, d), "take " + arg + " away"}
				}
			}
		case i > 1 && strings.HasPrefix(previous, "-") && !strings.ContainsAny(previous, "/=") && leads(arg, d) && absolute(arg, d) != d.Path:
			both := previous + " " + arg
			return naming{"its arguments " + both, arg, absolute(arg, d), "take " + both + " away"}
		case filepath.IsAbs(arg) && filepath.Clean(arg) == d.Path && (d.Kind == "library" || d.Kind == "header"):
			return naming{"its argument " + arg, arg, arg, "take " + arg + " away"}
		}
	}
	return naming{}
}

func byVariable(d observe.Denial) naming {
	for _, v := range d.By.Environ {
		name, value, _ := strings.Cut(v, "=")
		if slices.Contains(everyday, name) || strings.HasPrefix(name, "PURITY_") {
			continue
		}
		for _, entry := range strings.FieldsFunc(value, func(r rune) bool { return r == ':' || r == ' ' || r == ';' }) {
			for _, dir := range append(values(entry), entry) {
				if filepath.IsAbs(dir) && leads(dir, d) {
					return naming{"its variable " + name, "", absolute(dir, d), "take " + entry + " out of " + name}
				}
			}
		}
	}
	return naming{}
}

// everyday variables say where a process is, not its tools.
var everyday = []string{
	"PWD", "OLDPWD", "HOME", "PATH", "_", "TMPDIR", "TMP", "TEMP", "TEMPDIR",
	"NIX_BUILD_TOP", "NIX_STORE", "NIX_GCROOT", "SHELL", "IN_NIX_SHELL",
}

// glued are options whose value follows without anything between.
var glued = []string{"-isystem", "-iquote", "-idirafter", "-I", "-L", "-B", "-F"}

// values are the paths in an option: -I/usr/include, --sysroot=/usr,
// -Wl,-rpath,/usr/lib.
func values(option string) []string {
	if !strings.HasPrefix(option, "-") {
		return nil
	}
	for _, prefix := range glued {
		if value, ok := strings.CutPrefix(option, prefix); ok && value != "" && value[0] != '-' && !strings.ContainsAny(value, "=,") {
			return []string{value}
		}
	}
	parts := strings.FieldsFunc(option, func(r rune) bool { return r == '=' || r == ',' || r == ':' })
	return slices.DeleteFunc(parts, func(part string) bool { return !filepath.IsAbs(part) })
}

func absolute(path string, d observe.Denial) string {
	if !filepath.IsAbs(path) {
		path = filepath.Join(d.By.Dir, path)
	}
	return filepath.Clean(path)
}

// leads reports whether a path leads to the denied path: it is the file, its
// directory, or one above it that says more than /usr does.
func leads(path string, d observe.Denial) bool {
	path = absolute(path, d)
	for _, refused := range []string{d.Path, d.Real} {
		dir := filepath.Dir(refused)
		if path == "/" || refused == "" {
			continue
		}
		if path == refused || path == dir || strings.Count(path, "/") > 1 && strings.HasPrefix(dir, path+"/") {
			return true
		}
	}
	return false
}

// byName reports whether a program was run by its name, because PATH has its
// directory before that of the dev shell's own. A PATH that a shell set is in no
// process's environment, but mostly in its arguments.
func byName(d observe.Denial, own string) bool {
	dir := filepath.Dir(d.Path)
	first := func(list string) bool {
		list, _, _ = strings.Cut(list, " ")
		dirs := strings.Split(strings.Trim(list, `'";`), ":")
		at, ours := slices.Index(dirs, dir), slices.Index(dirs, filepath.Dir(own))
		return at >= 0 && (ours < 0 || at < ours)
	}
	for _, arg := range d.By.Args {
		if strings.Contains(arg, d.Path) {
			return false
		}
		if _, list, ok := strings.Cut(arg, "PATH="); ok && first(list) {
			return true
		}
	}
	return slices.ContainsFunc(d.By.Environ, func(v string) bool {
		list, ok := strings.CutPrefix(v, "PATH=")
		return ok && first(list)
	})
}
