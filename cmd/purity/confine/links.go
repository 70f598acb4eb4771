package confine

import (
	"errors"
	"fmt"
	"slices"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/nixeval"
)

// A run does not trust files that an earlier command may have written. A command could
// plant a symbolic link on the way of a path that purity.toml or a flag names, to open its
// target. purity follows such a link only if a person allowed the file with this link and
// target.

func linkLine(e *enforce.LinkError) string { return fmt.Sprintf("%s -> %s", e.Link, e.Target) }

// LinksOf returns the symbolic links that a command can have made on the way of the paths
// that a file names, with their targets.
func LinksOf(nix nixeval.Nix, p trees.Project, file *config.File) []string {
	var links []string
	s, err := NewSettings(file, config.Settings{}, p.Cwd)
	if err != nil {
		return nil // with such settings nothing runs
	}
	written := trees.Under(nix, p, s.Effective, file)
	for _, path := range file.Paths() {
		found, err := host.Here(file.Base).Expand(path)
		if err != nil {
			continue
		}
		for _, path := range found {
			_, err := enforce.Resolve(path, written)
			if link := (*enforce.LinkError)(nil); errors.As(err, &link) {
				links = append(links, linkLine(link))
			}
		}
	}
	slices.Sort(links)
	return slices.Compact(links)
}
