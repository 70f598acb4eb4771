package confine

import (
	"path/filepath"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
)

// Guarded returns the protected file or directory of the project that a path is or lies in,
// empty if there is none. A view has it read-only. The setting is the line of purity.toml
// that lets the command write it and nothing else, empty if none does.
func (p Plan) Guarded(path string) (file, setting string) {
	if p.Sees.View == nil {
		return "", ""
	}
	for _, file := range p.Sees.View.Protected {
		if !enforce.Inside(path, file) {
			continue
		}
		base := p.Project.Dir
		if p.File != nil {
			if base = p.File.Base; file == p.File.Path { // a command never writes its own rules
				return file, ""
			}
		}
		short := file
		if rel, err := filepath.Rel(base, file); err == nil && filepath.IsLocal(rel) {
			short = rel
		}
		return file, "write = [" + config.Quote(host.Literal(short)) + "]"
	}
	return "", ""
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
