package confine

import (
	"fmt"
	"slices"

	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/view"
	"github.com/nix-purity/purity/nixeval"
)

// storable is an error where a chroot store cannot be used: only in a view are its paths
// where they say.
func storable(a Ask) error {
	root := a.Nix.Root
	switch {
	case root == "":
		return nil
	case !a.Enforced():
		return words.Hint(fmt.Errorf("use store %s: mode %s makes no view, in which alone its paths are where they say", root, a.Mode), "--mode enforce --view")
	case a.viewWanted() == "false":
		return words.Hint(fmt.Errorf("use store %s: only in a view are its paths where they say", root), "--view, or view = true in purity.toml")
	}
	return nil
}

// storeOf is what the view shows a chroot store as; nothing for any other.
func storeOf(nix nixeval.Nix) view.Elsewhere {
	if nix.Root == "" {
		return view.Elsewhere{}
	}
	return view.Elsewhere{Dir: nix.StoreDir(), Real: enforce.Real(nix.Store().Real())}
}

// storeIn reports whether a store, or the root of a chroot store, lies in a directory. Files
// of a chroot store lie where its root leads, which a link can have in another place.
func storeIn(nix nixeval.Nix, dir string) bool {
	return slices.ContainsFunc(storeDirs(nix), func(s string) bool { return enforce.Inside(s, dir) })
}

// storeDirs are the directories of a store that no command may write.
func storeDirs(nix nixeval.Nix) []string {
	dirs := []string{nix.StoreDir()}
	if nix.Root != "" {
		dirs = append(dirs, enforce.Real(nix.Root), enforce.Real(nix.Store().Real()))
	}
	return dirs
}
