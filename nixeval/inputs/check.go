package inputs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/nix-purity/purity/closure/hostile"
)

// Check is an error where Nix, or a git that Nix starts, would wait for ever or fill
// the memory: a FIFO or a device stands in the place of a file that they read of the
// flake in dir. [Flake.Key] finds the same.
func Check(dir string) error {
	for _, name := range []string{"flake.nix", "flake.lock"} {
		if err := Regular(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	r, err := findRepository(dir)
	if r == nil || err != nil {
		return onlyHostile(err)
	}
	entries, err := r.entries()
	if err := onlyHostile(err); err != nil {
		return err
	}
	return r.plain(entries)
}

// onlyHostile drops errors that say only that no key can be made.
func onlyHostile(err error) error {
	if unknowable := (*UncacheableError)(nil); errors.As(err, &unknowable) {
		return nil
	}
	return err
}

// Regular is an error for a path that is there and neither a regular file nor a
// directory, wherever links lead.
func Regular(path string) error {
	info, err := os.Stat(path)
	if err != nil || info.Mode().IsRegular() || info.IsDir() {
		return nil // what cannot be looked at cannot be opened
	}
	return fmt.Errorf("read %s: %w", path, hostile.ErrNotRegular)
}

// gitFiles are files of a git directory that git or libgit2 open when they look at a
// work tree (gitrepository-layout(5)).
var gitFiles = []string{
	"HEAD", "index", "config", "config.worktree", "commondir", "gitdir", "packed-refs", "shallow",
	"info/attributes", "info/exclude", "info/grafts", "info/sparse-checkout", "objects/info/alternates",
}

// plain checks the files by which git looks at the work tree: those of its directories,
// and beside tracked files.
func (r *repository) plain(entries []indexEntry) error {
	for _, dir := range []string{r.gitDir, r.common} {
		for _, name := range gitFiles {
			if err := Regular(filepath.Join(dir, name)); err != nil {
				return err
			}
		}
	}
	last := ""
	for _, e := range entries {
		dir := filepath.Dir(e.path)
		if dir == last { // entries are sorted
			continue
		}
		last = dir
		for _, name := range []string{".gitattributes", ".gitignore", ".gitmodules"} {
			if err := Regular(filepath.Join(r.root, dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}
