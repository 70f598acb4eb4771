package confine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/closure/hostile"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
)

// ofGit are the files of a git directory that git obeys. Two lead it to another configuration.
var ofGit = []string{"hooks", "config", "config.worktree", "commondir"}

// ofWorktree are those of the directory that a git directory has for a worktree. By the last one
// purity finds the worktree.
var ofWorktree = []string{"commondir", "config.worktree", "gitdir"}

// repositories looks for what git obeys in a project, or in a git directory outside it.
type repositories struct {
	dir     string // the project or the git directory
	project string
	shows   func(path string) bool // whether a view shows a file outside the project
	left    int                    // entries to look at
	names   []string               // of files and directories that git obeys, below dir
	work    []string               // directories below the project that can have a .git
	noted   map[string]bool        // those of work, and where links lead
}

func (p viewing) repositories(dir string) *repositories {
	return &repositories{dir: dir, project: p.Project.Dir, shows: p.shows, left: 20_000, noted: map[string]bool{}}
}

// shows reports whether a grant shows a path in the view.
func (p viewing) shows(path string) bool {
	return slices.ContainsFunc(p.Policy.Grants, func(g enforce.Grant) bool {
		return !g.Replaced && !g.Own && enforce.Inside(path, g.Path)
	})
}

// inProject notes what git obeys in the project, in the repositories of its submodules, and for
// its worktrees, wherever those are.
func (r *repositories) inProject() {
	r.worksIn(".", ".")
	r.repository(".git")
	for _, path := range host.GitValues(filepath.Join(r.dir, ".gitmodules"), "submodule", "path") {
		r.worksIn(".", path)
	}
	for i := 0; i < len(r.work); i++ { // a repository can bring more
		dotGit := filepath.Join(r.work[i], ".git")
		switch info, err := os.Lstat(filepath.Join(r.project, dotGit)); {
		case err != nil:
		case info.Mode().IsRegular(): // of a worktree or submodule: it names the git directory
			r.names = append(r.names, dotGit)
		case info.IsDir() && dotGit != ".git":
			r.repository(dotGit)
		}
	}
}

// repository notes what git obeys in a git directory and in those that are in it.
func (r *repositories) repository(dir string) {
	for _, name := range ofGit {
		r.names = append(r.names, filepath.Join(dir, name))
	}
	for _, file := range []string{"config", "config.worktree"} {
		for _, path := range host.GitValues(filepath.Join(r.dir, dir, file), "core", "worktree") {
			r.worksIn(dir, path)
		}
	}
	r.worktrees(filepath.Join(dir, "worktrees"))
	r.modules(filepath.Join(dir, "modules"), false)
}

// worksIn notes a directory of the project that can have a .git. A path that is not absolute
// begins at a directory below dir.
func (r *repositories) worksIn(from, path string) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.dir, from, path)
	}
	below, err := filepath.Rel(r.project, path)
	if err == nil && filepath.IsLocal(below) && !r.noted[below] {
		r.noted[below] = true
		r.work = append(r.work, below)
	}
}

// worktrees notes what git obeys in the directories of worktrees, which have git directories of
// their own for submodules, and where the worktrees are. Where a view does not show the worktree,
// its HEAD, its index and all of those git directories count, too: git there takes it for removed,
// and would clear them away.
func (r *repositories) worktrees(dir string) {
	for _, name := range r.dirs(dir) {
		files := ofWorktree
		text, err := hostile.ReadFile(filepath.Join(r.dir, name, "gitdir"), 1<<16)
		at := filepath.Dir(strings.TrimSpace(string(text)))
		if !filepath.IsAbs(at) {
			at = filepath.Join(r.dir, name, at)
		}
		at = enforce.Real(at)
		if err != nil || !enforce.Inside(at, r.project) && !r.shows(at) {
			files = append(slices.Clip(files), "HEAD", "index", "modules")
		} else {
			r.worksIn(".", at)
			r.modules(filepath.Join(name, "modules"), false)
		}
		for _, file := range files {
			r.names = append(r.names, filepath.Join(name, file))
		}
	}
}

// modules looks for the git directories of submodules, whose names can have slashes. A command can
// have made a directory above one look like one, or removed its HEAD; inside says that dir looks
// like one itself.
func (r *repositories) modules(dir string, inside bool) {
	for _, name := range r.dirs(dir) {
		own, marks := inside && slices.Contains(gitOwn, filepath.Base(name)), []string{"config", "commondir", "HEAD"}
		if own {
			marks = marks[:2] // logs has a HEAD
		}
		is := slices.ContainsFunc(marks, func(file string) bool {
			_, err := os.Lstat(filepath.Join(r.dir, name, file))
			return err == nil
		})
		if is {
			r.repository(name)
		}
		if !own {
			r.modules(name, is)
		}
	}
}

// gitOwn are directories of a git directory that have many others, of which none is a submodule's.
// A submodule can have such a name itself: lib/hooks.
var gitOwn = []string{"objects", "refs", "logs", "hooks", "info", "lfs", "annex", "rr-cache", "modules", "worktrees"}

// dirs returns the directories in a directory, and links to some: git follows them. It looks at no
// more entries than are left. A directory that it cannot look through counts as a whole: a command
// can have made it so.
func (r *repositories) dirs(dir string) (names []string) {
	entries, err := hostile.List(filepath.Join(r.dir, dir), r.left)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			r.names = append(r.names, dir)
		}
		return nil
	}
	r.left -= len(entries)
	for _, e := range entries {
		name, is := filepath.Join(dir, e.Name()), e.IsDir()
		if e.Type()&fs.ModeSymlink != 0 {
			real := enforce.Real(filepath.Join(r.dir, name))
			info, err := os.Stat(real)
			is = err == nil && info.IsDir() && !r.noted[real] // links can lead round and round
			r.noted[real] = true
		}
		if is {
			names = append(names, name)
		}
	}
	return names
}
