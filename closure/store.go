package closure

import (
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Store is where a store is by name, and where its files are. The two differ in a chroot
// store: its paths are called as in any other store, and lie in Root/nix/store
// (src/libstore/local-fs-store.cc, real).
type Store struct {
	Dir  string // the store directory, by which paths are called
	Root string // absolute; empty for a store that is where its paths say
}

// Real is the directory that the files of the store are in.
func (s Store) Real() string {
	if s.Root == "" {
		return s.Dir
	}
	return filepath.Join(s.Root, "nix", "store")
}

// String names the store for people.
func (s Store) String() string {
	if s.Root == "" {
		return s.Dir
	}
	return s.Dir + " in " + s.Root
}

// At is the place of a path's file now, links not followed. At leaves a path outside the
// store as it is.
func (s Store) At(name string) string {
	if rest, ok := strings.CutPrefix(name, s.Dir+"/"); ok && s.Root != "" {
		return s.Real() + "/" + rest
	}
	return name
}

// maxLinks is how many links a path may pass through, as for the kernel
// (path_resolution(7)).
const maxLinks = 40

// Follow is the place of a path's file now, with the links in the store followed: they name
// other paths of the store by their logical names. In a store at its place it is the path.
func (s Store) Follow(name string) string {
	if s.Root == "" || !strings.HasPrefix(name, s.Dir+"/") {
		return name
	}
	at, rest := s.Dir, strings.Split(strings.TrimPrefix(name, s.Dir+"/"), "/")
	for links := 0; len(rest) > 0; {
		next := path.Join(at, rest[0])
		rest = rest[1:]
		if !strings.HasPrefix(next, s.Dir+"/") {
			return path.Join(append([]string{next}, rest...)...) // outside
		}
		target, err := os.Readlink(s.At(next))
		if err != nil {
			at = next
			continue
		}
		if links++; links > maxLinks {
			return s.At(name)
		}
		if !path.IsAbs(target) {
			target = path.Join(at, target)
		}
		below, inside := strings.CutPrefix(path.Clean(target), s.Dir+"/")
		if !inside {
			return path.Join(append([]string{target}, rest...)...)
		}
		at, rest = s.Dir, append(strings.Split(below, "/"), rest...)
	}
	return s.At(at)
}
