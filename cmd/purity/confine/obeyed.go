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
)

// later are files of a project that programs outside obey; a view makes them read-only.
var later = []string{"flake.nix", "flake.lock", "purity.toml", ".envrc"}

// ofGit are the files of a git directory that git obeys. Two lead it to another configuration.
var ofGit = []string{"hooks", "config", "config.worktree", "commondir"}

// obeyed returns the paths of such files in the project, even if missing, but not those that a
// row of the policy allows writing.
func (p viewing) obeyed() []string {
	var paths []string
	for _, dir := range p.Project.Trees() {
		for _, name := range append(slices.Clip(later), gitObeys(dir)...) {
			path := filepath.Join(dir, name)
			said := slices.ContainsFunc(p.Policy.Grants, func(g enforce.Grant) bool {
				return g.Access&enforce.Write != 0 && !g.Replaced && !isProject(g) && enforce.Inside(path, g.Path)
			})
			if said {
				continue
			}
			paths = append(paths, path)
			if real := enforce.Real(path); real != path && enforce.Inside(real, dir) {
				paths = append(paths, real)
			}
		}
	}
	if p.File != nil && enforce.Inside(p.File.Path, p.Project.Dir) && !slices.Contains(paths, p.File.Path) {
		paths = append(paths, p.File.Path)
	}
	return paths
}

// gitObeys returns what git obeys in a project, and in the repositories of its submodules.
func gitObeys(project string) (names []string) {
	left := 10_000
	for dirs := []string{".git"}; len(dirs) > 0; dirs = dirs[1:] {
		for _, name := range ofGit {
			names = append(names, filepath.Join(dirs[0], name))
		}
		found, unknown := modules(project, filepath.Join(dirs[0], "modules"), &left)
		dirs, names = append(dirs, found...), append(names, unknown...)
	}
	work := []string{""}
	if text, err := hostile.ReadFile(filepath.Join(project, ".gitmodules"), 1<<20); err == nil {
		for line := range strings.Lines(string(text)) {
			key, path, _ := strings.Cut(line, "=")
			if path = strings.TrimSpace(path); strings.TrimSpace(key) == "path" && filepath.IsLocal(path) {
				work = append(work, path)
			}
		}
	}
	for _, dir := range work {
		file := filepath.Join(dir, ".git") // of a worktree or submodule: it names the git directory
		if info, err := os.Lstat(filepath.Join(project, file)); err == nil && info.Mode().IsRegular() {
			names = append(names, file)
		}
	}
	return names
}

// modules returns the git directories below a directory for those of submodules, whose names can
// have slashes. It looks at no more entries than are left. Unknown are directories that it could
// not look through: a command can have made them so, and they count as a whole.
func modules(project, dir string, left *int) (found, unknown []string) {
	entries, err := hostile.List(filepath.Join(project, dir), *left)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, []string{dir}
	}
	*left -= len(entries)
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		switch _, err := os.Lstat(filepath.Join(project, name, "HEAD")); {
		case !e.IsDir():
		case err == nil:
			found = append(found, name)
		default:
			more, closed := modules(project, name, left)
			found, unknown = append(found, more...), append(unknown, closed...)
		}
	}
	return found, unknown
}

// present returns the paths of existing files. It leaves out links, and paths through links: no
// mount can keep a link from being replaced.
func present(paths []string) []string {
	return slices.DeleteFunc(slices.Clone(paths), func(path string) bool {
		info, err := os.Lstat(path)
		return err != nil || !info.IsDir() && !info.Mode().IsRegular() || enforce.Real(path) != path
	})
}

// linked returns the links of the project that lead to files that programs outside obey.
func linked(project string, paths []string) (links []string) {
	for _, path := range paths {
		if enforce.Real(path) == path { // in one call
			continue
		}
		for _, l := range enforce.Links(path) {
			if enforce.Inside(l.Path, project) && !slices.Contains(links, l.Path) {
				links = append(links, l.Path)
			}
		}
	}
	return links
}
