package trees

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/nixeval"
)

// Shared are the directories that commands of every project may write at level dev,
// without links. It leaves out a directory that holds one which no command may write: your
// HOME, purity itself, its cache, the list of permissions, the store.
func Shared(nix nixeval.Nix) []string {
	open := host.Open(append(storeDirs(nix), os.Getenv("HOME"), caller.Self(), nix.Cache, TrustDir())...)
	for i, dir := range open {
		open[i] = enforce.Real(dir)
	}
	return open
}

// TempParents are the directories in which the private TMPDIR of a run can be, the
// best first: in the user's runtime directory, in TMPDIR, in /var/tmp, in purity's cache. A
// relative XDG_RUNTIME_DIR does not count (XDG Base Directory Specification). None lies in a
// shared directory, whatever the level of this run: commands of other projects may write
// there.
func TempParents(nix nixeval.Nix, shared []string) []string {
	var parents []string
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		parents = append(parents, filepath.Join(dir, "purity"))
	}
	for _, dir := range []string{os.TempDir(), "/var/tmp"} {
		if filepath.IsAbs(dir) {
			parents = append(parents, filepath.Join(dir, fmt.Sprintf("purity-%d", os.Getuid())))
		}
	}
	parents = append(parents, filepath.Join(nix.Cache, "tmp"))
	return slices.DeleteFunc(parents, func(parent string) bool {
		parent = enforce.Real(parent)
		return slices.ContainsFunc(shared, func(dir string) bool { return enforce.Inside(parent, dir) })
	})
}

// TempPattern is where the TMPDIR of a run would be, for people who look at a policy.
func TempPattern(nix nixeval.Nix) string {
	parents := TempParents(nix, Shared(nix))
	for _, parent := range parents {
		if _, err := os.Lstat(parent); errors.Is(err, fs.ErrNotExist) || nixeval.Private(parent) {
			return filepath.Join(parent, "*")
		}
	}
	return filepath.Join(parents[len(parents)-1], "*")
}

// TempGrant opens the TMPDIR of one run.
func TempGrant(dir string) enforce.Grant {
	return enforce.Grant{Path: dir, Access: enforce.All, Reason: "temporary directory of this run", PerRun: true}
}
