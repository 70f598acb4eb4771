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

// repositories looks for what git obeys in a project.
type repositories struct {
	project string   // or a git directory
	shown   string   // the project, which alone has files of worktrees in a view
	left    int      // entries to look at
	names   []string // of files and directories that git obeys, below the project
	work    []string // directories below the project that can have a .git
}

// gitObeys returns what git obeys in a project, in the repositories of its submodules, and for
// its worktrees, wherever those are.
func gitObeys(project string) []string {
	r := &repositories{project: project, shown: project, left: 10_000, work: []string{"."}}
	r.repository(".git")
	for _, path := range host.GitValues(filepath.Join(project, ".gitmodules"), "submodule", "path") {
		r.worksIn(".", path)
	}
	for i := 0; i < len(r.work); i++ { // a repository can bring more
		dotGit := filepath.Join(r.work[i], ".git")
		switch info, err := os.Lstat(filepath.Join(project, dotGit)); {
		case err != nil:
		case info.Mode().IsRegular(): // of a worktree or submodule: it names the git directory
			r.names = append(r.names, dotGit)
		case info.IsDir() && i > 0:
			r.repository(dotGit)
		}
	}
	return r.names
}

// gitDirObeys returns what git obeys in a git directory outside the project.
func gitDirObeys(dir, project string) []string {
	r := &repositories{project: dir, shown: project, left: 10_000}
	r.repository(".")
	return r.names
}

// repository notes what git obeys in a git directory and in those that are in it.
func (r *repositories) repository(dir string) {
	for _, name := range ofGit {
		r.names = append(r.names, filepath.Join(dir, name))
	}
	for _, file := range []string{"config", "config.worktree"} {
		for _, path := range host.GitValues(filepath.Join(r.project, dir, file), "core", "worktree") {
			r.worksIn(dir, path)
		}
	}
	r.worktrees(filepath.Join(dir, "worktrees"))
	r.modules(filepath.Join(dir, "modules"), false)
}

// worksIn notes a directory of the project that can have a .git. A path that is not absolute
// begins at a directory of the project.
func (r *repositories) worksIn(from, path string) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.project, from, path)
	}
	below, err := filepath.Rel(r.project, path)
	if err == nil && filepath.IsLocal(below) && !slices.Contains(r.work, below) {
		r.work = append(r.work, below)
	}
}

// worktrees notes what git obeys in the directories of worktrees, and where these are. Where a
// view does not show the worktree, its HEAD and index count, too: git there takes it for removed,
// and would clear them away.
func (r *repositories) worktrees(dir string) {
	for _, name := range r.dirs(dir) {
		files := ofWorktree
		text, err := hostile.ReadFile(filepath.Join(r.project, name, "gitdir"), 1<<16)
		at := filepath.Dir(strings.TrimSpace(string(text)))
		if !filepath.IsAbs(at) {
			at = filepath.Join(r.project, name, at)
		}
		if at = enforce.Real(at); err != nil || !enforce.Inside(at, r.shown) {
			files = append(slices.Clip(files), "HEAD", "index")
		} else {
			r.worksIn(".", at)
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
		if inside && slices.Contains(gitOwn, filepath.Base(name)) {
			continue
		}
		is := slices.ContainsFunc([]string{"HEAD", "config", "commondir"}, func(file string) bool {
			_, err := os.Lstat(filepath.Join(r.project, name, file))
			return err == nil
		})
		if is {
			r.repository(name)
		}
		r.modules(name, is)
	}
}

// gitOwn are directories of a git directory in which there is none of a submodule by its name.
var gitOwn = []string{"objects", "refs", "logs", "hooks", "info", "lfs", "annex", "rr-cache", "modules", "worktrees"}

// dirs returns the directories in a directory. It looks at no more entries than are left. A
// directory that it cannot look through counts as a whole: a command can have made it so.
func (r *repositories) dirs(dir string) (names []string) {
	entries, err := hostile.List(filepath.Join(r.project, dir), r.left)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			r.names = append(r.names, dir)
		}
		return nil
	}
	r.left -= len(entries)
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, filepath.Join(dir, e.Name()))
		}
	}
	return names
}
