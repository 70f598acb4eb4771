package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/tempdir"
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
func (p *plan) makeTemp() (string, error) {
	var errs []error
	for _, parent := range tempParents(p.nix) {
		temp, err := makeTempIn(parent)
		if err == nil {
			p.policy.Grants = append(p.policy.Grants, tempGrant(temp))
			return temp, nil
		}
		errs = append(errs, err)
	}
	return "", errors.Join(errs...)
}

func makeTempIn(parent string) (string, error) {
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return "", fmt.Errorf("create temporary directory: %w", err)
	}
	if !nixeval.Private(parent) {
		return "", fmt.Errorf("create temporary directory: %s belongs to another user, or others may write it", parent)
	}
	return tempdir.Make(parent)
}

// nixTemp makes a TMPDIR for Nix that lies in none of the hostile directories, and sees to
// its removal as that of a run's. Others may pass through it, because root's Nix builds as
// other users; they can neither list nor write it.
func nixTemp(hostile []string) (string, error) {
	errs := []error{errors.New("make a temporary directory for Nix: none of the usual places is closed to commands")}
	for _, dir := range []string{os.TempDir(), "/tmp", "/var/tmp", filepath.Dir(trustDir())} {
		parent := filepath.Join(dir, fmt.Sprintf("purity-nix-%d", os.Getuid()))
		if !filepath.IsAbs(dir) || slices.ContainsFunc(hostile, func(h string) bool { return enforce.Inside(real(parent), real(h)) }) {
			continue
		}
		temp, err := makeTempIn(parent)
		if err == nil {
			err = errors.Join(os.Chmod(parent, 0o711), os.Chmod(temp, 0o711))
		}
		if err == nil {
			return temp, nil
		}
		errs = append(errs, err)
	}
	return "", errors.Join(errs...)
}

// tempPattern is where the TMPDIR of a run would be, for people who look at a policy.
func tempPattern(nix nixeval.Nix) string {
	parents := tempParents(nix)
	for _, parent := range parents {
		if _, err := os.Lstat(parent); errors.Is(err, fs.ErrNotExist) || nixeval.Private(parent) {
			return filepath.Join(parent, "*")
		}
	}
	return filepath.Join(parents[len(parents)-1], "*")
}
