package nixeval

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/renameio/v2"
)

// keepEntries is how many environments of a project stay cached: enough for
// some branches, few enough that old ones do not keep the store full.
const keepEntries = 10

// prune removes the entries of a project that were made longest ago, beyond
// keepEntries. The entry of key, about to be written, is not counted.
// A path that cannot be removed now is tried again next time.
func (n Nix) prune(project, key string) {
	entries, err := filepath.Glob(filepath.Join(n.ProjectDir(project), "env", "*", entryFile))
	if err != nil || len(entries) < keepEntries {
		return
	}
	slices.SortFunc(entries, func(a, b string) int { return cmp.Compare(modified(b), modified(a)) })
	for _, entry := range entries[keepEntries-1:] {
		if dir := filepath.Dir(entry); filepath.Base(dir) != key && !pinned(dir) {
			os.RemoveAll(dir)
			os.Remove(dir + ".lock")
		}
	}
}

// pinPrefix begins the names of links in an entry to directories that name it.
const pinPrefix = "pin-"

// Pin has e stay cached as long as a directory exists, whose shims name it, or until
// [Environment.Unpin].
func (e Environment) Pin(dir string) error {
	if e.dir == "" {
		return nil
	}
	if err := renameio.Symlink(dir, e.pin(dir)); err != nil {
		return fmt.Errorf("pin environment: %w", err)
	}
	return nil
}

// Unpin takes that back.
func (e Environment) Unpin(dir string) error {
	if err := os.Remove(e.pin(dir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("unpin environment: %w", err)
	}
	return nil
}

func (e Environment) pin(dir string) string {
	return filepath.Join(e.dir, pinPrefix+hashOf(dir)[:8])
}

func pinned(entry string) bool {
	pins, _ := filepath.Glob(filepath.Join(entry, pinPrefix+"*")) // a pattern of ours
	return slices.ContainsFunc(pins, func(pin string) bool {
		_, err := os.Stat(pin)
		return err == nil
	})
}

// Collected is the set of things that [Nix.Collect] removed for one project.
type Collected struct {
	Project      string // its directory, which is gone
	Environments int    // cached environments, each a garbage collector root
}

// Collect removes the caches, garbage collector roots and private HOMEs of
// projects whose directory is gone.
func (n Nix) Collect() ([]Collected, error) {
	marks, err := filepath.Glob(filepath.Join(n.Cache, "projects", "*", "path"))
	if err != nil {
		return nil, fmt.Errorf("list cached projects: %w", err)
	}
	var removed []Collected
	for _, mark := range marks {
		project, err := os.ReadFile(mark)
		if err != nil {
			return removed, fmt.Errorf("read cached project: %w", err)
		}
		if _, err := os.Lstat(string(project)); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		dir := filepath.Dir(mark)
		entries, _ := filepath.Glob(filepath.Join(dir, "env", "*", entryFile)) // the pattern is well-formed
		if err := removeAll(dir); err != nil {
			return removed, fmt.Errorf("remove cache of %s: %w", project, err)
		}
		removed = append(removed, Collected{Project: string(project), Environments: len(entries)})
	}
	return removed, nil
}

// removeAll removes a tree in which tools may have left directories without
// write permission, as Go's module cache does.
func removeAll(dir string) error {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(path, 0o700)
		}
		return err
	})
	if err != nil {
		return err
	}
	return os.RemoveAll(dir)
}
