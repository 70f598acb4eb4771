package confine

import (
	"slices"

	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/nixeval"
)

// identity is who the user is for git, where the environment has git and it would not find
// that by itself. Files that commands may write, in trees, have no word in it.
func identity(a Ask, env nixeval.Environment, trees []string) host.Identity {
	if !a.Base.Environment || a.Home != "private" || slices.Contains(a.Presets, "git") || nixeval.FindIn(a.Nix.Store(), "git", env.Path()) == "" {
		return host.Identity{}
	}
	here := host.Here(a.Project.Cwd)
	here.Writable = trees
	return host.GitIdentity(here, a.Project.Dir)
}
