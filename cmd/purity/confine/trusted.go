package confine

import (
	"cmp"
	"os"

	"github.com/nix-purity/purity/cmd/purity/allow"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/nixeval"
)

// LevelOf returns the level of flags and variables, before a file counts.
func LevelOf(flags config.Settings) host.Level {
	level, _ := host.FindLevel(cmp.Or(flags.Level, host.DefaultLevel))
	return level
}

// Trusted returns an error for a file that was not allowed and opens more than the level of
// the flags, nil for any other.
func Trusted(nix nixeval.Nix, file *config.File, flags config.Settings, p trees.Project) error {
	if file == nil {
		return nil
	}
	list, err := allow.Open()
	if err != nil {
		return err
	}
	base := LevelOf(flags)
	links := LinksOf(nix, p, file)
	if list.Allows(file, base, links, os.Getenv("PURITY_TRUST")) {
		return nil
	}
	return &words.UntrustedError{Path: file.Path, Level: base, Wider: file.Widens(base), Links: links}
}
