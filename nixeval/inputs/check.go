package inputs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/nix-purity/purity/closure/hostile"
)

// Check is an error where Nix, or a git that Nix starts, would wait for ever, read
// without end or fill the memory: where a FIFO or a device stands in the place of a file
// that they read of the flake or of its repository, or files are too long. It goes the way
// of [Flake.Key], without contents, and through git's objects, too.
func (f Flake) Check() error {
	_, err := f.key(&keyer{dry: true})
	return err
}

// pass drops errors that say only that no key can be made, where none is asked for.
func (k *keyer) pass(err error) error {
	if unknowable := (*UncacheableError)(nil); k.dry && errors.As(err, &unknowable) {
		return nil
	}
	return err
}

// How many bytes Nix is let read: of one file, of all that it would copy, and of files of
// holes, which take no room. Files that people keep in git are far smaller, and git writes no holes.
const (
	maxFile   = 8 << 30
	maxAll    = 32 << 30
	maxHollow = 1 << 30
	mayHollow = 1 << 20 // shorter ones need not be looked into
)

// size counts a file that Nix would read. It is stored in so many bytes: in fewer by far
// where it has holes, and also where the file system compresses.
func (k *keyer) size(path string, size, stored uint64) error {
	k.all += size
	if size > mayHollow && stored < size/16 {
		if holes, err := hostile.Holes(path); err == nil && uint64(holes) > size/16*15 {
			k.hollow += size
		}
	}
	switch {
	case size > maxFile:
		return fmt.Errorf("read %s: %w: Nix would read %d GB", path, hostile.ErrTooLong, size>>30)
	case k.hollow > maxHollow:
		return fmt.Errorf("read %s: %w: Nix would read %d GB of holes", path, hostile.ErrTooLong, k.hollow>>30)
	case k.all > maxAll:
		return fmt.Errorf("read %s: %w: with the files before it Nix would read %d GB", path, hostile.ErrTooLong, k.all>>30)
	}
	return nil
}

// Regular is an error for a path of an expression in Nix's language that is there and
// neither a regular file nor a directory, wherever links lead, or too long.
func Regular(path string) error { return readable(path, maxFlake) }

func readable(path string, limit int64) error {
	info, err := os.Stat(path)
	switch {
	case err != nil || info.IsDir(): // an unreadable entry cannot be opened
		return nil
	case !info.Mode().IsRegular():
		return fmt.Errorf("read %s: %w", path, hostile.ErrNotRegular)
	case info.Size() > limit:
		return fmt.Errorf("read %s: %w", path, hostile.ErrTooLong)
	}
	return nil
}

// maxGitFile is how long git's own files may be, and those beside tracked files that it
// reads whole. Those among its objects are not.
const maxGitFile = 100 << 20

// plain checks the files by which git looks at the work tree: those of its directories,
// and beside tracked files.
func (r *repository) plain(entries []indexEntry) error {
	last := ""
	for _, e := range entries {
		dir := filepath.Dir(e.path)
		if dir == last { // entries are sorted
			continue
		}
		last = dir
		if _, err := os.Lstat(filepath.Join(r.root, dir)); err != nil {
			continue
		}
		for _, name := range []string{".gitattributes", ".gitignore", ".gitmodules"} {
			if err := readable(filepath.Join(r.root, dir, name), maxGitFile); err != nil {
				return err
			}
		}
	}
	walk := gitWalk{left: maxGitFiles, seen: map[[2]uint64]int{}}
	return walk.files(r)
}
