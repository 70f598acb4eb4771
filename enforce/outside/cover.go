package outside

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/enforce"
)

// cover is a list of paths that together have everything below dir but files in one
// of hostile: each sibling on the way there. Of a directory that cannot be listed, as /home
// of shared machines, it has the paths to hostile and to known.
func cover(dir string, hostile, known []string) []string {
	if slices.ContainsFunc(hostile, func(h string) bool { return enforce.Inside(dir, h) }) {
		return nil
	}
	if !slices.ContainsFunc(hostile, func(h string) bool { return enforce.Inside(h, dir) }) {
		return []string{dir}
	}
	var names, paths []string
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if err != nil {
		for _, path := range slices.Concat(hostile, known) {
			if rest, below := strings.CutPrefix(path, strings.TrimSuffix(dir, "/")+"/"); below {
				name, _, _ := strings.Cut(rest, "/")
				names = append(names, name)
			}
		}
		slices.Sort(names)
		names = slices.Compact(names)
	}
	for _, name := range names {
		paths = append(paths, cover(filepath.Join(dir, name), hostile, known)...)
	}
	return paths
}

// places are where the environment of a command says that programs are: its own file, HOME
// and the directories of PATH.
func places(program string, environ []string) []string {
	dirs := []string{program}
	for _, v := range environ {
		switch name, value, _ := strings.Cut(v, "="); name {
		case "HOME":
			dirs = append(dirs, value)
		case "PATH":
			dirs = append(dirs, strings.Split(value, ":")...)
		}
	}
	return slices.DeleteFunc(dirs, func(dir string) bool { return !filepath.IsAbs(dir) })
}

// Walls are the paths that a command is kept from.
type Walls struct {
	// Hostile are the directories in which nothing can be executed.
	Hostile []string
	// Mounts says that the command mounts file systems, as Nix does that builds in its
	// own process with sandbox = true.
	Mounts bool
	// Known are directories with programs, for where directories cannot be listed. The
	// command's own, HOME and PATH go without saying.
	Known []string
	// Temp makes a directory for temporary files, in none of Hostile: where the wall is
	// Landlock, and where TMPDIR lies in one of Hostile. Landlock allows executing files
	// in directories that are there when the command starts; one beside a hostile directory
	// that is made later is not among them, and Nix makes one in TMPDIR for each build. Nil
	// keeps the TMPDIR that there is.
	Temp func() (string, error)
}

// tempHostile reports whether the TMPDIR of an environment lies in one of hostile.
func tempHostile(environ, hostile []string) bool {
	dir := "/tmp"
	for _, v := range environ {
		if value, ok := strings.CutPrefix(v, "TMPDIR="); ok && value != "" {
			dir = value
		}
	}
	real := enforce.Real(dir)
	return slices.ContainsFunc(hostile, func(h string) bool { return enforce.Inside(real, h) })
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
