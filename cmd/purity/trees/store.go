package trees

import (
	"fmt"
	"maps"
	"slices"

	"github.com/nix-purity/purity/cmd/purity/allow"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/nixeval"
)

// StoreIn reports whether a store, or the root of a chroot store, lies in a directory. Files
// of a chroot store lie where its root leads, which a link can have in another place.
func StoreIn(nix nixeval.Nix, dir string) bool {
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

// Writable denies writing the files that a policy is made from.
func Writable(nix nixeval.Nix, path string) error {
	list, err := allow.Open()
	if err != nil {
		return err
	}
	path = enforce.Real(path)
	kept := map[string][]string{"purity's cache": {enforce.Real(nix.Cache)}, "the list of allowed projects": {enforce.Real(list.Dir)}, "the store": storeDirs(nix)}
	for _, what := range slices.Sorted(maps.Keys(kept)) {
		for _, dir := range kept[what] {
			if enforce.Inside(dir, path) || enforce.Inside(path, dir) {
				return fmt.Errorf("%s is there, which a confined command must not write", what)
			}
		}
	}
	return nil
}
