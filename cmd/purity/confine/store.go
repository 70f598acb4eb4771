package confine

import (
	"fmt"
	"path/filepath"

	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/view"
	"github.com/nix-purity/purity/nixeval"
)

// storable returns an error if the command cannot use the chroot store: only a view has its
// paths at their logical places.
func storable(a Ask) error {
	root := a.Nix.Root
	switch {
	case root == "":
		return nil
	case !a.Enforced():
		return words.Hint(fmt.Errorf("use store %s: mode %s makes no view", root, a.Mode), "--mode enforce --view")
	case a.ViewWanted() == "false":
		return words.Hint(fmt.Errorf("use store %s: it needs a view", root), "--view, or view = true in purity.toml")
	}
	return nil
}

// stored returns an error if a directory has no store in it, with the directory that was
// likely meant.
func stored(root string) error {
	err := nixeval.HasStore(root)
	if err == nil {
		return nil
	}
	hint := "--store names the directory that nix/store lies in; for a new store:  mkdir -p " + shell.Quote(filepath.Join(root, "nix", "store"))
	for _, above := range []string{filepath.Dir(root), filepath.Dir(filepath.Dir(root))} {
		if nixeval.HasStore(above) == nil && (filepath.Join(above, "nix") == root || filepath.Join(above, "nix", "store") == root) {
			hint = "--store " + shell.Quote(above)
		}
	}
	return words.Hint(fmt.Errorf("use store %s: %w", root, err), hint)
}

// storeOf returns the place of a chroot store in a view; zero for any other store.
func storeOf(nix nixeval.Nix) view.Elsewhere {
	if nix.Root == "" {
		return view.Elsewhere{}
	}
	return view.Elsewhere{Dir: nix.StoreDir(), Real: enforce.Real(nix.Store().Real())}
}
