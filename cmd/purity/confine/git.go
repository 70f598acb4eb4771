package confine

import (
	"slices"

	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/nixeval"
)

// identity returns the user's name for git, if the environment has a git that would not find
// it by itself. It reads no files in trees, which commands may write.
func identity(a Ask, env nixeval.Environment, trees []string) host.Identity {
	if !a.Base.Environment || a.Home != "private" || slices.Contains(a.Presets, "git") || nixeval.FindIn(a.Nix.Store(), "git", env.Path()) == "" {
		return host.Identity{}
	}
	here := host.Here(a.Project.Cwd)
	here.Writable = trees
	return host.GitIdentity(here, a.Project.Dir)
}
