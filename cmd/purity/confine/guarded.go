package confine

import (
	"path/filepath"
	"slices"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
)

// Guarded returns the protected file or directory that a path is or lies in, empty if there is
// none. A view has it read-only. A view also keeps a directory that such a file lies in from being
// moved, and Guarded returns that directory. The setting is the narrowest line of purity.toml that
// lets the command do it, empty if none does.
func (p Plan) Guarded(path string, moved bool) (file, setting string) {
	if p.Sees.View == nil {
		return "", ""
	}
	moved = moved && movable(p, path)
	for _, protected := range p.Sees.View.Protected {
		leads := moved && enforce.Inside(protected, path)
		switch {
		case !leads && !enforce.Inside(path, protected):
		case p.File != nil && protected == p.File.Path: // a command never writes its own rules
			return protected, ""
		case leads:
			file = path
		case file == "":
			file = protected
		}
	}
	if file == "" {
		return "", ""
	}
	base := p.Project.Dir
	if p.File != nil {
		base = p.File.Base
	}
	short := file
	if rel, err := filepath.Rel(base, file); err == nil && filepath.IsLocal(rel) {
		short = rel
	}
	return file, "write = [" + config.Quote(host.Literal(short)) + "]"
}

// movable reports whether a path lies in the project, or in git's directory outside it.
func movable(p Plan, path string) bool {
	below := func(dir string) bool { return path != dir && enforce.Inside(path, dir) }
	return below(p.Project.Dir) || slices.ContainsFunc(p.Policy.Grants, func(g enforce.Grant) bool {
		return host.OfProject(g) && below(g.Path)
	})
}

// StandIn returns the file of the closure that a view has in place of a program of the host;
// empty for any other path, or if the closure has none.
func (p Plan) StandIn(path string) string {
	if p.Sees.View == nil {
		return ""
	}
	return p.Nix.Store().Follow(p.Sees.Links()[filepath.Clean(path)])
}

// Links returns the links of the view's own, by path, and where each leads.
func (s Sight) Links() map[string]string {
	links := map[string]string{}
	for name, file := range map[string]string{"/bin/sh": s.View.Shell, "/usr/bin/env": s.View.Env} {
		if file != "" {
			links[name] = file
		}
	}
	return links
}
