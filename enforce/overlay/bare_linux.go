package overlay

import (
	"errors"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// refused is why a change must not be written, empty if it may.
func (k *keeper) refused(c Change) string {
	if why := refused(c, k.guarded); why != "" {
		return why
	}
	if slices.Contains(k.guarded, ".git/config") && k.bare(c.Path) {
		return "git outside obeys it"
	}
	return ""
}

// bareNames are the entries by which git knows a git directory, whatever its name
// (gitrepository-layout(5)).
var bareNames = []string{"head", "objects", "refs", "commondir"}

// bare reports whether a path is of a file by which git runs programs in a directory that is a
// repository by its entries, or of an entry that makes such a repository of a directory.
func (k *keeper) bare(path string) bool {
	names := strings.Split(path, "/")
	for i, name := range names {
		name, dir := strings.ToLower(name), strings.Join(names[:i], "/")
		switch {
		case strings.EqualFold(dir, ".git"): // whose names are guarded
		case slices.Contains(gitNames, name):
			if repository(dir, k.from, k.below) {
				return true
			}
		case slices.Contains(bareNames, name):
			obeyed := slices.ContainsFunc(gitNames, func(n string) bool { return has(dir, n, k.below) })
			if obeyed && repository(dir, k.from, k.below) && !repository(dir, k.below) {
				return true
			}
		}
	}
	return false
}

// repository reports whether a directory is a repository of git, if it has the files of all
// trees.
func repository(dir string, trees ...tree) bool {
	return has(dir, "HEAD", trees...) && (has(dir, "commondir", trees...) || has(dir, "objects", trees...) && has(dir, "refs", trees...))
}

// has reports whether a directory can have an entry in one of the trees.
func has(dir, name string, trees ...tree) bool {
	return slices.ContainsFunc(trees, func(t tree) bool {
		fd, err := t.open(join(dir, name), unix.O_PATH)
		if err == nil {
			unix.Close(fd)
		}
		return !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ENOTDIR)
	})
}
