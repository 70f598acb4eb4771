// Package trees is the project, and the directories that its commands may write. The next
// run does not believe what lies there.
package trees

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/allow"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/nixeval"
)

// Project is the directory that a confined command may write.
type Project struct {
	Dir     string // absolute, without symlinks
	Named   string // Dir as the caller named it, by a symlink; empty for no such name
	Cwd     string // where the command starts, in Dir
	None    bool   // there is no project, and Dir only stands for one
	Guessed bool   // nothing says that Dir is a project: it is the working directory
}

// Trees are the directories of the project that its commands write, none if there is
// no project.
func (p Project) Trees() []string {
	if p.None {
		return nil
	}
	return []string{p.Dir}
}

// FindProject is the directory that --project names, else the nearest one
// upward that holds a definition of the environment or a git repository.
func FindProject(flag, anchor string) (Project, error) {
	cwd, err := os.Getwd()
	if err == nil {
		cwd, err = filepath.EvalSymlinks(cwd)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return Project{}, words.Hint(fmt.Errorf("find working directory: %w", err), `it was removed; if there is a new one of its name:  cd "$PWD"`)
	}
	if err != nil {
		return Project{}, fmt.Errorf("find working directory: %w", err)
	}
	if flag != "" {
		dir, err := filepath.EvalSymlinks(flag)
		if err != nil {
			return Project{}, fmt.Errorf("find project: %w", err)
		}
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return Project{}, fmt.Errorf("find project %s: not a directory", flag)
		}
		if around := config.Upward(cwd, anchor); enforce.Inside(flag, around) && !enforce.Inside(dir, around) {
			return Project{}, words.Hint(fmt.Errorf("find project %s: a link leads out of %s", flag, around), "if that is meant:  --project "+dir)
		}
		if flag == dir { // as a shim names it
			flag = nameOf(dir, cwd)
		}
		if !enforce.Inside(cwd, dir) {
			cwd = dir
		}
		return Project{Dir: dir, Named: flag, Cwd: cwd}, nil
	}
	dir := config.Upward(cwd, anchor)
	marked := anchor != "" && exists(filepath.Join(dir, anchor)) || exists(filepath.Join(dir, ".git"))
	return Project{Dir: dir, Named: nameOf(dir, cwd), Cwd: cwd, Guessed: !marked}, nil
}

// nameOf returns the name of a project by which a shell came to the working directory cwd in
// it, through a symlink. It is empty for none.
func nameOf(dir, cwd string) string {
	there, err := os.Getwd() // $PWD, if that is true
	if err != nil || there == cwd {
		return ""
	}
	name := strings.TrimSuffix(there, strings.TrimPrefix(cwd, dir))
	if real, err := filepath.EvalSymlinks(name); err != nil || real != dir || name == dir {
		return ""
	}
	return name
}

// NoProject stands for the project of a request that has none: an empty directory that no
// process writes, so that no run leaves anything there for the next.
func NoProject(nix nixeval.Nix, p Project, r nixeval.Request) Project {
	p.None, p.Dir = true, filepath.Join(noProjects(nix), r.Identity()[:16])
	return p
}

// Make makes that directory, before anything runs.
func (p Project) Make() error {
	if !p.None {
		return nil
	}
	if err := os.MkdirAll(p.Dir, 0o700); err != nil {
		return fmt.Errorf("create directory instead of a project: %w", err)
	}
	return nil
}

// StandsFor is the directory of a project that a request was made for, which --no-project
// made none of.
func StandsFor(nix nixeval.Nix, dir, cwd string) Project {
	return Project{Dir: dir, Named: nameOf(dir, cwd), Cwd: cwd, None: enforce.Inside(dir, noProjects(nix))}
}

// noProjects is where the directories are that stand for projects.
func noProjects(nix nixeval.Nix) string { return filepath.Join(enforce.Real(nix.Cache), "none") }

// Settings reads the purity.toml that is for the working directory, or the file
// that takes its place; nil if there is none. Commands may write trees.
func (p Project) Settings(instead string, trees []string) (*config.File, error) {
	if instead != "" {
		file, err := config.Given(instead, p.Dir)
		if file != nil && enforce.Passes(p.Cwd, instead, trees...) {
			file.Given = false // a command can write it, so that to name it says nothing
		}
		return file, err
	}
	from := p.Cwd
	if !enforce.Inside(from, p.Dir) { // a shim can be called anywhere
		from = p.Dir
	}
	return config.Find(from, p.Dir)
}

// Check denies a project that would open a directory which purity must keep closed: the
// user's home with its programs, the store, or purity's own cache.
func (p Project) Check(nix nixeval.Nix) error {
	store := nix.StoreDir()
	switch home := os.Getenv("HOME"); {
	case p.Dir == "/":
		return tooWide(p.Dir, "it is the whole file system")
	case home != "" && enforce.Inside(enforce.Real(home), p.Dir):
		return tooWide(p.Dir, "your home directory is in it")
	case enforce.Inside(enforce.Real("/bin/sh"), p.Dir) || enforce.Inside(enforce.Real("/usr/bin/env"), p.Dir):
		return tooWide(p.Dir, "the host's programs are in it")
	case p.Guessed && slices.ContainsFunc(system, func(dir string) bool { return enforce.Inside(p.Dir, dir) }):
		return tooWide(p.Dir, "it belongs to the system, and has no flake.nix or .git")
	case enforce.Inside(p.Dir, store):
		return words.Hint(fmt.Errorf("use project %s: it is in the store, which is never written", p.Dir), "copy the sources to a directory of yours")
	case StoreIn(nix, p.Dir):
		return tooWide(p.Dir, "the store is in it")
	case enforce.Inside(TrustDir(), p.Dir):
		return tooWide(p.Dir, "the list of allowed projects is in it")
	case enforce.Inside(enforce.Real(nix.Cache), p.Dir):
		return tooWide(p.Dir, "purity's cache is in it, and a command that could write that would write its own policy")
	}
	return nil
}

// TrustDir is where purity remembers allowed states, empty where that cannot be
// told: then nothing can be allowed, either.
func TrustDir() string {
	list, err := allow.Open()
	if err != nil {
		return ""
	}
	return enforce.Real(list.Dir)
}

// system are directories that are projects only if a person says so.
var system = []string{"/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/sbin", "/sys", "/usr"}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func tooWide(dir, why string) error {
	return words.Hint(fmt.Errorf("use project %s: %s", dir, why), "cd to the project, name it with --project DIR, or write nowhere: --no-project")
}

// ProjectAt is the project of a directory, for commands that evaluate nothing.
func ProjectAt(dir string) Project {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		dir = filepath.Dir(dir)
	}
	return Project{Dir: config.Upward(dir, config.Definitions[0]), Cwd: dir}
}

// ProjectHere is the project of the working directory, for steps before flags and
// purity.toml are read.
func ProjectHere() Project {
	cwd, err := os.Getwd()
	if err == nil {
		cwd, err = filepath.EvalSymlinks(cwd)
	}
	if err != nil || cwd == "/" {
		return Project{None: true}
	}
	return ProjectAt(cwd)
}

func PrivateHome(nix nixeval.Nix, p Project) string {
	return filepath.Join(nix.ProjectDir(p.Dir), "home")
}
