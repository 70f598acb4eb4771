package confine

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
)

// later are files of a project that programs outside obey; a view makes them read-only.
var later = []string{"flake.nix", "flake.lock", "shell.nix", "purity.toml", ".envrc"}

// obeyed returns the paths of such files in the project and in its git directory elsewhere,
// even if missing, but not those that a row of the settings allows writing.
func (p viewing) obeyed() (paths []string) {
	var outside []string
	for _, dir := range p.Project.Trees() {
		in := p.repositories(dir)
		for _, g := range p.Policy.Grants {
			if !host.OfProject(g) && g.Reason != host.GitAround {
				continue
			}
			r := p.repositories(g.Path)
			r.repository(".")
			for _, path := range r.work {
				in.worksIn(".", path)
			}
			if host.OfProject(g) && g.Access&enforce.Write != 0 {
				outside = append(outside, p.closed(g.Path, r.names)...)
			}
		}
		in.inProject()
		paths = append(paths, p.closed(dir, append(slices.Clip(later), in.names...))...)
	}
	paths = append(paths, outside...)
	if p.File != nil && enforce.Inside(p.File.Path, p.Project.Dir) {
		paths = append(paths, p.File.Path)
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(paths, func(path string) bool {
		twice := seen[path]
		seen[path] = true
		return twice
	})
}

// closed returns the paths of names in a directory, with those that links there lead to, but
// those that a row allows writing.
func (p viewing) closed(dir string, names []string) (paths []string) {
	for _, name := range names {
		path := filepath.Join(dir, name)
		said := slices.ContainsFunc(p.Policy.Grants, func(g enforce.Grant) bool {
			return g.Access&enforce.Write != 0 && !g.Replaced && !isProject(g) && !host.OfProject(g) && enforce.Inside(path, g.Path)
		})
		if said {
			continue
		}
		paths = append(paths, path)
		if real := enforce.Real(path); real != path && enforce.Inside(real, dir) {
			paths = append(paths, real)
		}
	}
	return paths
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
