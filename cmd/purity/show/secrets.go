package show

import (
	"cmp"
	"path/filepath"
	"slices"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/outcome"
	"github.com/nix-purity/purity/cmd/purity/secret"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
)

// SecretIn is each path that looks like a secret and would be open if a path were, as purity learn
// has it; empty if nothing does.
func SecretIn(path string) string {
	secrets := secret.Finder{Home: outcome.UserHome()}
	return cmp.Or(secrets.In(path), secrets.In(enforce.Real(path)))
}

// SecretsOf are paths that look like a secret and that a purity.toml opens.
func SecretsOf(file *config.File) []string {
	var patterns, found []string
	for _, k := range config.PathKeys {
		if k.Access&enforce.Read != 0 {
			patterns = append(patterns, k.In(file.Settings)...)
		}
	}
	for _, e := range file.Exceptions {
		if e.Grants()&enforce.Read != 0 {
			patterns = append(patterns, e.Path)
		}
	}
	if home := file.Settings.Opens(); home != "" {
		patterns = append(patterns, home)
	}
	here := host.Here(filepath.Dir(file.Path))
	for _, pattern := range patterns {
		paths, err := here.Expand(pattern)
		if err != nil {
			continue // it opens nothing
		}
		for _, path := range paths {
			if opens := SecretIn(path); opens != "" && !slices.Contains(found, opens) {
				found = append(found, opens)
			}
		}
	}
	return found
}
