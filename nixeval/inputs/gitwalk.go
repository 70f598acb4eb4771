package inputs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/closure/hostile"
)

// gitWalk looks for files of a git directory that keep their reader for ever: git, and
// libgit2 in Nix, open any file with the name of an object, a pack or a reference, whatever it
// is (gitrepository-layout(5)).
type gitWalk struct {
	left int               // files that may still be looked at
	seen map[[2]uint64]int // how deep directories were looked through, by device and inode: links can lead round
}

// maxGitFiles is far beyond the number that git leaves loose (git-gc(1), gc.auto).
const maxGitFiles = 1000000

// gitFiles are files of a git directory that git or libgit2 read whole when they look at a
// work tree.
var gitFiles = []string{
	"HEAD", "index", "config", "config.worktree", "commondir", "gitdir", "packed-refs", "shallow",
	"info/attributes", "info/exclude", "info/grafts", "info/sparse-checkout", "objects/info/commit-graph",
}

// files goes through the files of a git directory itself, and in that which it shares.
func (g *gitWalk) files(r *repository) error {
	for _, dir := range []string{r.gitDir, r.common} {
		for _, name := range gitFiles {
			if err := readable(filepath.Join(dir, name), maxGitFile); err != nil {
				return err
			}
		}
		for _, name := range []string{"", "info", "reftable"} {
			if err := g.walk(filepath.Join(dir, name), 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// history goes through references and objects.
func (g *gitWalk) history(r *repository) error {
	for _, dir := range []string{r.gitDir, r.common} {
		if err := g.walk(filepath.Join(dir, "refs"), maxRefs); err != nil {
			return err
		}
	}
	return g.objects(filepath.Join(r.common, "objects"), 0)
}

const (
	maxRefs       = 100     // how deep references are looked for
	maxAlternates = 6       // how far git follows alternates (object-file.c, link_alt_odb_entry: 5)
	maxList       = 1 << 20 // of their list
)

// objects goes through a directory of objects, and those that it names as its alternates.
func (g *gitWalk) objects(dir string, depth int) error {
	// Objects lie one level below, packs too; the graph of commits can lie two below.
	if err := g.walk(dir, 2); err != nil || depth > maxAlternates {
		return err
	}
	list, err := hostile.ReadFile(filepath.Join(dir, "info", "alternates"), maxList)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		return nil
	}
	if err != nil {
		return unreadable(err)
	}
	for line := range strings.Lines(string(list)) {
		line = strings.Trim(strings.TrimSuffix(line, "\n"), `"`)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if !filepath.IsAbs(line) {
			line = filepath.Join(dir, line)
		}
		if err := g.objects(line, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// walk goes through a directory, and those in it as deep as it says. Files are known by
// their entries in the directory, so that none of a great repository is asked for more.
func (g *gitWalk) walk(dir string, depth int) error {
	var s unix.Stat_t
	if err := unix.Stat(dir, &s); err != nil || s.Mode&unix.S_IFMT != unix.S_IFDIR {
		return nil // git finds nothing there either; its directory tells the type of a replacement
	}
	id := [2]uint64{uint64(s.Dev), s.Ino}
	if g.seen[id] > depth {
		return nil
	}
	g.seen[id] = depth + 1
	var below []string
	err := hostile.Each(dir, func(entry fs.DirEntry) error {
		if g.left--; g.left < 0 {
			return &fs.PathError{Op: "look through", Path: dir, Err: hostile.ErrBudget}
		}
		path := dir + "/" + entry.Name()
		kind := entry.Type()
		if kind == fs.ModeSymlink {
			info, err := os.Stat(path)
			if err != nil {
				return nil // nobody can open it
			}
			kind = info.Mode().Type()
		}
		switch {
		case kind.IsDir():
			below = append(below, path)
		case entry.Name() == fsmonitorSocket:
		case !kind.IsRegular():
			return fmt.Errorf("read repository: %w", &fs.PathError{Op: "read", Path: path, Err: hostile.ErrNotRegular})
		}
		return nil
	})
	if errors.Is(err, fs.ErrPermission) {
		return nil // nor can git read it
	}
	if err != nil || depth == 0 {
		return err
	}
	for _, path := range below {
		if err := g.walk(path, depth-1); err != nil {
			return err
		}
	}
	return nil
}

// fsmonitorSocket is a socket that git makes itself (git-fsmonitor--daemon(1)).
const fsmonitorSocket = "fsmonitor--daemon.ipc"
