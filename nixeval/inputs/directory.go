package inputs

import (
	"cmp"
	"errors"
	"io/fs"
	"strings"

	"github.com/nix-purity/purity/closure/hostile"
)

// How many files and directories are looked at of the flake itself, and of all its inputs
// on this machine together. A lock file can name /usr.
const (
	maxTree   = 1000000
	maxInputs = 30000
)

// directory adds a whole directory, as Nix copies directories without git.
func (k *keyer) directory(dir string) error {
	k.strings("directory", dir)
	return k.below(strings.TrimSuffix(dir, "/"), "")
}

// below adds the file at a path in a directory, and all below it, in the order of names.
func (k *keyer) below(dir, rel string) error {
	path := cmp.Or(dir+rel, "/")
	k.strings(rel)
	if err := k.pass(k.content(path)); err != nil {
		return err
	}
	if _, kind, _, err := identify(path); err != nil || kind != fs.ModeDir {
		return nil
	}
	entries, err := hostile.List(path, k.left)
	if errors.Is(err, hostile.ErrBudget) {
		return k.tooMany(dir)
	}
	if err != nil {
		return k.pass(uncacheable("%v", err))
	}
	k.left -= len(entries)
	for _, entry := range entries {
		name := rel + "/" + entry.Name()
		if entry.IsDir() {
			err = k.below(dir, name)
		} else {
			k.strings(name)
			err = k.pass(k.content(dir + name))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tooMany is the error for a directory that has more files than are looked at.
func (k *keyer) tooMany(dir string) error {
	return &UncacheableError{Reason: cmp.Or(dir, "/") + ": more files than are looked at", err: hostile.ErrBudget}
}
