package programs

import (
	"context"
	"path/filepath"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/nixeval"
)

// TakeOver has shims that another purity made, such as the one before an upgrade, start
// this one. They keep their environment: nothing is evaluated, so that no change of the
// project since then takes it away. Where purity cannot take over, the other purity goes on
// if it is still there.
func TakeOver(nix nixeval.Nix, dir string, set shim.Set, env nixeval.Environment) error {
	self, other := caller.Self(), shim.Of(dir)
	if other == self {
		return nil
	}
	err := SelfClosed(nix)
	if err == nil {
		_, err = rewrite(dir, set, env, self)
	}
	if err == nil {
		err = nix.Keep(context.Background(), self, filepath.Join(dir, ".root"))
	}
	if err != nil && exists(other) {
		return nil
	}
	return err
}
