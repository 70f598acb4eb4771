package host

import (
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/nix-purity/purity/enforce"
)

// Shared are directories that all programs of a machine share. Level dev lets commands read
// and write them, and execute nothing in them.
var Shared = []string{"/tmp", "/dev/shm", "/dev/mqueue"}

// Open are the shared directories that hold none of the paths in kept. A rule of Landlock
// is for all below a directory: one that holds files which commands must not write is no grant.
func Open(kept ...string) []string {
	real := make([]string, len(kept)) // empty for a path that lies nowhere
	for i, path := range kept {
		if filepath.IsAbs(path) {
			real[i] = enforce.Real(path)
		}
	}
	return slices.DeleteFunc(slices.Clone(Shared), func(dir string) bool {
		dir = enforce.Real(dir)
		return slices.ContainsFunc(real, func(path string) bool { return enforce.Inside(path, dir) })
	})
}

// within reports whether path, if there is one, lies in dir, whatever links they have.
func within(path, dir string) bool {
	return filepath.IsAbs(path) && enforce.Inside(enforce.Real(path), enforce.Real(dir))
}

// TempDirs are directories for temporary files that lie in no shared directory, the best
// first. A relative TMPDIR does not count.
func TempDirs() []string {
	return slices.DeleteFunc([]string{os.TempDir(), "/var/tmp"}, func(dir string) bool {
		return !filepath.IsAbs(dir) || slices.ContainsFunc(Shared, func(shared string) bool { return within(dir, shared) })
	})
}

// MakeTemp makes a temporary directory in the first of [TempDirs] that lets it.
func MakeTemp(pattern string) (dir string, err error) {
	err = errors.New("make a temporary directory: there is no place outside of /tmp and /dev/shm; set TMPDIR to one")
	for _, parent := range TempDirs() {
		if dir, err = os.MkdirTemp(parent, pattern); err == nil {
			return dir, nil
		}
	}
	return "", err
}
