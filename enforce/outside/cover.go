package outside

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/enforce"
)

// cover is a list of paths that together have everything below dir but what lies in one
// of hostile: each sibling on the way there. A directory that cannot be listed has only
// what leads to hostile, which is nothing.
func cover(dir string, hostile []string) []string {
	if slices.ContainsFunc(hostile, func(h string) bool { return enforce.Inside(dir, h) }) {
		return nil
	}
	if !slices.ContainsFunc(hostile, func(h string) bool { return enforce.Inside(h, dir) }) {
		return []string{dir}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var paths []string
	for _, e := range entries {
		paths = append(paths, cover(filepath.Join(dir, e.Name()), hostile)...)
	}
	return paths
}

// resolved are directories without symbolic links, those that exist.
func resolved(dirs []string) []string {
	var real []string
	for _, dir := range dirs {
		if path, err := filepath.EvalSymlinks(dir); err == nil && path != "/" {
			real = append(real, path)
		}
	}
	slices.Sort(real)
	return slices.Compact(real)
}

// Path is a value of PATH without the directories that are relative or lie in one of
// hostile: a program that is found there is a command's.
func Path(path string, hostile []string) string {
	hostile = resolved(hostile)
	dirs := slices.DeleteFunc(strings.Split(path, ":"), func(dir string) bool {
		real, err := filepath.EvalSymlinks(dir)
		return !filepath.IsAbs(dir) || err == nil && slices.ContainsFunc(hostile, func(h string) bool { return enforce.Inside(real, h) })
	})
	return strings.Join(dirs, ":")
}
