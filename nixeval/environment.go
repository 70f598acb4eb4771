package nixeval

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/closure"
)

// Environment is a resolved dev environment.
type Environment struct {
	// Source names the resolved source, for messages.
	Source string
	// StoreDir is the store directory that the paths are in.
	StoreDir string
	// Roots are the store paths whose closure this is; for a dev shell the
	// one "-env" path that Nix builds for it.
	Roots []closure.Path
	// Paths is the runtime closure of Roots, sorted.
	Paths []closure.Path
	// Bash is the environment's own bash, empty if it has none.
	Bash string
	// Hooked says that a shellHook has to run before the command.
	Hooked bool
	// ScriptDir holds the bash code of the environment, to be readable in
	// the confinement; empty if there is none.
	ScriptDir string

	// dir is the cache entry, empty for an environment that is not kept.
	dir string
	// variables are the exported variables, NAME=value, with the host left
	// out: PATH and XDG_DATA_DIRS hold paths of the closure alone.
	variables []string
	outputs   map[string]string
	attrs     *structuredAttrs
	// told says that the dev shell tells its declaration, and undeclared are the
	// packages that come with every shell of its kind and that it does not declare.
	told       bool
	undeclared []closure.Path
	rewritten  bool   // the bash code names output paths
	hookTemp   string // TMPDIR of the run in which the shellHook ran, if it did
}

// Run is the part that a single run adds to an [Environment].
type Run struct {
	Home    string   // private HOME
	Temp    string   // private TMPDIR
	Dir     string   // working directory
	Project string   // the project, told to the command as PURITY_PROJECT
	Keep    []string // names of further host variables to keep
	Set     []string // NAME=value
	Unset   []string // names
	Bare    bool     // of the host's variables keep only how the terminal is
}

// Kept are the variables of the host that pass into every environment: how
// the terminal, language, time zone, user and network proxies are, and
// whether this is CI. Names ending in _ stand for all that begin so.
var Kept = []string{
	"TERM", "COLORTERM", "NO_COLOR", "COLUMNS", "LINES",
	"LANG", "LC_", "TZ", "USER", "LOGNAME", "CI",
	"http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy",
	"HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY",
}

// terminal are those of Kept that a [Run.Bare] has.
var terminal = Kept[:5]

// Environ builds the environment of a process as `nix develop -c` would have
// it, from nothing: the kept part of host, the variables of the dev shell, the
// private directories, then the changes of the run.
func (e Environment) Environ(host []string, run Run) []string {
	b := newBuilder(len(host) + len(e.variables))
	for _, v := range host {
		if name, _, _ := strings.Cut(v, "="); kept(name, run) {
			b.set(v)
		}
	}
	rewrite := e.rewriter(run)
	for _, v := range e.variables {
		b.set(rewrite.Replace(v))
	}
	if e.ScriptDir != "" { // a dev shell: nix develop says so too which one is active
		b.set("NIX_GCROOT=" + string(e.Roots[0]))
	}
	if e.Bash != "" {
		b.set("SHELL=" + e.Bash)
	}
	b.set("HOME=" + run.Home)
	b.set("PWD=" + run.Dir)
	b.set("PURITY_PROJECT=" + run.Project)
	for _, name := range []string{"TMPDIR", "TMP", "TEMP", "TEMPDIR"} {
		b.set(name + "=" + run.Temp)
	}
	// Spelled otherwise: devenv's enterShell takes a TMPDIR that equals NIX_BUILD_TOP
	// for a leftover of a build and sets it to /tmp (src/modules/top-level.nix).
	b.set("NIX_BUILD_TOP=" + run.Temp + "/.")
	if e.attrs != nil {
		b.set("NIX_ATTRS_SH_FILE=" + filepath.Join(run.Temp, ".attrs.sh"))
		b.set("NIX_ATTRS_JSON_FILE=" + filepath.Join(run.Temp, ".attrs.json"))
	}
	for _, v := range run.Set {
		b.set(v)
	}
	for _, name := range run.Unset {
		b.unset(name)
	}
	return b.environ
}

// Path is the environment's PATH.
func (e Environment) Path() string {
	for _, v := range e.variables {
		if path, ok := strings.CutPrefix(v, "PATH="); ok {
			return path
		}
	}
	return ""
}

// WriteAttrs writes the structured attributes, if there are any, to where
// [Environment.Environ] says they are.
func (e Environment) WriteAttrs(run Run) error {
	if e.attrs == nil {
		return nil
	}
	rewrite := e.rewriter(run)
	for name, text := range map[string]string{".attrs.sh": e.attrs.Shell, ".attrs.json": e.attrs.JSON} {
		if err := os.WriteFile(filepath.Join(run.Temp, name), []byte(rewrite.Replace(text)), 0o600); err != nil {
			return fmt.Errorf("write structured attributes: %w", err)
		}
	}
	return nil
}

// Scripts returns the directory of the environment's bash code for a run: the
// cached one, or where the code names an output path, a copy that does not.
func (e Environment) Scripts(run Run) (string, error) {
	if !e.rewritten {
		return e.ScriptDir, nil
	}
	dir := filepath.Join(run.Temp, ".bash")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", fmt.Errorf("write environment scripts: %w", err)
	}
	rewrite := e.rewriter(run)
	for _, name := range scriptFiles {
		text, err := os.ReadFile(filepath.Join(e.ScriptDir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), []byte(rewrite.Replace(string(text))), 0o600)
		}
		if err != nil {
			return "", fmt.Errorf("write environment scripts: %w", err)
		}
	}
	return dir, nil
}

// rewriter replaces the output paths, which do not exist and could not be
// written, by directories of the project, as `nix develop` does, the TMPDIR that
// the run of the shellHook had by the one of this run, and a runtime directory that
// nobody made by one in it.
func (e Environment) rewriter(run Run) rewriter {
	var r rewriter
	if e.hookTemp != "" {
		r = append(r, replacement{e.hookTemp, run.Temp})
	}
	if dir := e.runtimeDir(); dir != "" && !exists(dir) {
		r = append(r, replacement{dir, filepath.Join(run.Temp, filepath.Base(dir))})
	}
	for name, path := range e.outputs {
		r = append(r, replacement{path, filepath.Join(run.Dir, "outputs", name)})
	}
	return r
}

// runtimeDir is the directory for sockets that the enterShell of devenv makes outside
// the project, below /tmp or XDG_RUNTIME_DIR, empty if there is none
// (src/modules/top-level.nix, devenv.runtime).
func (e Environment) runtimeDir() string {
	dir := lookup(e.variables, "DEVENV_RUNTIME")
	if !filepath.IsAbs(dir) || filepath.Base(dir) == "/" {
		return ""
	}
	return filepath.Clean(dir)
}

// Closure returns the closure with references and sizes, from the cache entry.
func (e Environment) Closure() (closure.Closure, error) {
	data, err := os.ReadFile(filepath.Join(e.dir, closureFile))
	if err != nil {
		return closure.Closure{}, fmt.Errorf("read closure of %s: %w", e.Source, err)
	}
	var c closure.Closure
	if err := c.UnmarshalJSON(data); err != nil {
		return closure.Closure{}, fmt.Errorf("read closure of %s: %w", e.Source, err)
	}
	return c, nil
}

// Contains reports whether file is a path of the closure or lies below one.
func (e Environment) Contains(file string) bool {
	path, _, err := closure.Within(e.StoreDir, file)
	if err != nil {
		return false
	}
	_, found := slices.BinarySearch(e.Paths, path)
	return found
}

// inClosure keeps of a colon-separated list the entries in the closure.
func (e Environment) inClosure(list string) string {
	var entries []string
	for entry := range strings.SplitSeq(list, ":") {
		if e.Contains(entry) {
			entries = append(entries, entry)
		}
	}
	return strings.Join(entries, ":")
}

// setVariables takes over variables, reduced to the closure where a variable
// is a search path that a host directory would make impure.
func (e *Environment) setVariables(environ []string) {
	b := newBuilder(len(environ))
	b.set("PATH=")
	for _, v := range environ {
		name, value, _ := strings.Cut(v, "=")
		if name == "PATH" || name == "XDG_DATA_DIRS" {
			v = name + "=" + e.inClosure(value)
		}
		b.set(v)
	}
	e.variables = b.environ
}

// kept reports whether the host's variable of that name passes.
func kept(name string, run Run) bool {
	names := Kept
	if run.Bare {
		names = terminal
	}
	return slices.ContainsFunc(names, func(k string) bool {
		return k == name || strings.HasSuffix(k, "_") && strings.HasPrefix(name, k)
	}) || slices.Contains(run.Keep, name)
}

// builder is an environment under construction: one entry a name, the last
// one set wins.
type builder struct {
	environ []string
	index   map[string]int
}

func newBuilder(size int) *builder { return &builder{index: make(map[string]int, size)} }

func (b *builder) set(v string) {
	name, _, _ := strings.Cut(v, "=")
	if i, ok := b.index[name]; ok {
		b.environ[i] = v
		return
	}
	b.index[name] = len(b.environ)
	b.environ = append(b.environ, v)
}

func (b *builder) unset(name string) {
	i, ok := b.index[name]
	if !ok {
		return
	}
	b.environ = slices.Delete(b.environ, i, i+1)
	delete(b.index, name)
	for n, at := range b.index {
		if at > i {
			b.index[n] = at - 1
		}
	}
}
