package inspect

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/nix-purity/purity/closure/hostile"
	"github.com/nix-purity/purity/enforce"
)

// maxContent is how many bytes of a file are compared, 64 MB. Of a longer one the times
// count.
const maxContent = 64 << 20

// maxContents is how many bytes of all files together are read, without holes. Of those
// that come after it the times count.
const maxContents = 256 << 20

// Take makes a snapshot of the project in dir. Programs are directories in which a shell
// outside looks for programs. An unreadable file is compared by its type.
func Take(dir string, programs []string) Snapshot {
	t := taker{root: dir, programs: programs, found: Snapshot{}, budget: &hostile.Budget{Bytes: maxContents}}
	t.walk("", "")
	return t.found
}

type taker struct {
	root     string
	programs []string
	found    Snapshot
	budget   *hostile.Budget
}

// walk looks at the entries of a directory. By reads all of it, if it is not empty.
func (t taker) walk(rel, by string) {
	dir := filepath.Join(t.root, rel)
	entries, _ := os.ReadDir(dir) // those that could be read, sorted
	if isGit(dir, entries) {
		t.git(rel, entries)
		return
	}
	if by == "" && slices.Contains(t.programs, dir) {
		by = "your shell, by PATH"
	}
	for _, entry := range entries {
		path := filepath.Join(rel, entry.Name())
		together, one := of(whole, entry.Name())
		reader, read := by, by != ""
		if !read {
			reader, read = of(later, entry.Name())
		}
		if !read {
			reader, read = together, one
		}
		switch {
		case entry.IsDir() && one:
			t.found[path] = seen{by: together, sum: t.tree(path)}
		case entry.IsDir():
			t.walk(path, reader)
		case read:
			t.found[path] = t.content(path, entry, reader)
		case entry.Name() == ".git":
			t.found[path] = t.content(path, entry, "git")
		case entry.Type() == fs.ModeSymlink && t.leadsOut(path):
			t.found[path] = t.content(path, entry, "a link that leads out of the project")
		}
	}
}

// isGit reports whether git takes a directory for its own; a bare repository can have any
// name (setup.c, is_git_directory).
func isGit(dir string, entries []fs.DirEntry) bool {
	has := func(name string) bool {
		return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == name })
	}
	return filepath.Base(dir) == ".git" || has("HEAD") && (has("objects") && has("refs") || has("commondir"))
}

// git looks at a directory of git's, or at one below, such as that of a worktree.
func (t taker) git(rel string, entries []fs.DirEntry) {
	for _, entry := range entries {
		path := filepath.Join(rel, entry.Name())
		_, data := of(gitData, entry.Name())
		_, obeyed := of(gitDirs, entry.Name())
		switch {
		case data:
		case entry.IsDir() && entry.Name() == "objects":
			t.walk(filepath.Join(path, "info"), "git") // says where others are
		case entry.IsDir() && obeyed:
			t.walk(path, "git")
		case entry.IsDir():
			below, _ := os.ReadDir(filepath.Join(t.root, path))
			t.git(path, below)
		default:
			t.found[path] = t.content(path, entry, "git")
		}
	}
}

// leadsOut reports whether a link leads out of the project, or would if there were
// something.
func (t taker) leadsOut(rel string) bool {
	path := filepath.Join(t.root, rel)
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		if target, err = os.Readlink(path); err != nil {
			return true
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
	}
	return !enforce.Inside(target, t.root)
}

// content is the identity of a file: its mode and, by its type, its content, its target or its
// device.
func (t taker) content(rel string, entry fs.DirEntry, by string) seen {
	sum, status := sha256.New(), sha256.New()
	path := filepath.Join(t.root, rel)
	info, err := entry.Info()
	if err != nil {
		return seen{by: by}
	}
	fmt.Fprintln(sum, info.Mode())
	fmt.Fprintln(status, info.Mode())
	state(status, info)
	is := seen{by: by, state: [sha256.Size]byte(status.Sum(nil))}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(path)
		fmt.Fprintln(sum, target, err == nil)
	case !info.Mode().IsRegular() || info.Size() > maxContent:
		return is
	default:
		content, err := t.budget.Sum(path)
		if err != nil { // too much, or it cannot be read
			return is
		}
		sum.Write(content[:])
	}
	is.sum = [sha256.Size]byte(sum.Sum(nil))
	return is
}

// state writes the marks that tell a file from one that was written since. No program can set the
// time of the last change (inode(7), ctime).
func state(hash io.Writer, info fs.FileInfo) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		fmt.Fprintln(hash, s.Ino, s.Rdev, info.Size(), s.Ctim)
	}
}

// tree is the hash of the metadata of a directory and all below.
func (t taker) tree(rel string) [sha256.Size]byte {
	hash := sha256.New()
	filepath.WalkDir(filepath.Join(t.root, rel), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // it went meanwhile, or cannot be read
		}
		if info, err := d.Info(); err == nil && !d.IsDir() {
			fmt.Fprintf(hash, "%q %v ", path, info.Mode())
			state(hash, info)
		}
		return nil
	})
	return [sha256.Size]byte(hash.Sum(nil))
}
