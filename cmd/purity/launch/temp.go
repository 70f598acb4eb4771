package launch

import (
	"errors"

	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/cmd/purity/walls"
	"github.com/nix-purity/purity/nixeval"
)

// makeTemp makes the TMPDIR of this run, which another process removes when this one, by
// then the command, ends. If a directory is full, is read-only or belongs to another user,
// makeTemp tries the next one: every user can make /tmp/purity-1000.
func makeTemp(nix nixeval.Nix) (string, error) {
	var errs []error
	for _, parent := range trees.TempParents(nix, trees.Shared(nix)) {
		temp, err := walls.MakeTemp(parent)
		if err == nil {
			return temp, nil
		}
		errs = append(errs, err)
	}
	return "", errors.Join(errs...)
}
