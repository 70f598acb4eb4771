package confine

import (
	"os"
	"slices"

	"github.com/nix-purity/purity/enforce"
)

// Hides reports whether the machine has a file at a path that the view does not show. In
// its own /tmp a view shows no outside file without a grant. /bin/sh is there, as another file.
func (p Plan) Hides(path string) bool {
	if _, err := os.Lstat(path); p.Sees.View == nil || err != nil || p.StandIn(path) != "" {
		return false
	}
	path = enforce.Real(path)
	return path != "/" && !slices.ContainsFunc(p.Policy.Grants, func(g enforce.Grant) bool {
		at := enforce.Real(g.Path)
		return at == path || enforce.Inside(at, path) || at != "/" && !Private(g) && enforce.Inside(path, at)
	})
}
