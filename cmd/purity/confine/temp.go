package confine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nix-purity/purity/cmd/purity/walls"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/nixeval"
)

// tempParents are the directories in which the private TMPDIR of a run can be, the
// best first: in the user's runtime directory, in /tmp, in purity's cache. A relative
// XDG_RUNTIME_DIR does not count (XDG Base Directory Specification).
func tempParents(nix nixeval.Nix) []string {
	var parents []string
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		parents = append(parents, filepath.Join(dir, "purity"))
	}
	if dir := os.TempDir(); filepath.IsAbs(dir) {
		parents = append(parents, filepath.Join(dir, fmt.Sprintf("purity-%d", os.Getuid())))
	}
	return append(parents, filepath.Join(nix.Cache, "tmp"))
}

// makeTemp makes the TMPDIR of this run and sees to its removal when the command ends,
// which is when this process does. Where a place is full, is read-only or belongs to
// another user, the next one counts: anybody can make /tmp/purity-1000.
func makeTemp(nix nixeval.Nix) (string, error) {
	var errs []error
	for _, parent := range tempParents(nix) {
		temp, err := walls.MakeTemp(parent)
		if err == nil {
			return temp, nil
		}
		errs = append(errs, err)
	}
	return "", errors.Join(errs...)
}

// TempPattern is where the TMPDIR of a run would be, for people who look at a policy.
func TempPattern(nix nixeval.Nix) string {
	parents := tempParents(nix)
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
