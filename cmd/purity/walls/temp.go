package walls

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/nix-purity/purity/cmd/purity/allow"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/tempdir"
	"github.com/nix-purity/purity/nixeval"
)

// MakeTemp makes a temporary directory in one that is the user's alone, and sees to its
// removal when this process ends.
func MakeTemp(parent string) (string, error) {
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
	for _, dir := range []string{os.TempDir(), "/tmp", "/var/tmp", stateDir()} {
		parent := filepath.Join(dir, fmt.Sprintf("purity-nix-%d", os.Getuid()))
		if !filepath.IsAbs(dir) || slices.ContainsFunc(hostile, func(h string) bool { return enforce.Inside(enforce.Real(parent), enforce.Real(h)) }) {
			continue
		}
		temp, err := MakeTemp(parent)
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

// stateDir is where purity keeps allowed states, empty if unknown.
func stateDir() string {
	list, err := allow.Open()
	if err != nil {
		return ""
	}
	return filepath.Dir(enforce.Real(list.Dir))
}
