package overlay

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Kinds of changes.
const (
	Created = "created"
	Changed = "changed"
	Removed = "removed"
)

// Change is a path that differs between an overlay and the directory below. A file written
// with its old content is no change, and neither is another time.
type Change struct {
	Path string `json:"path"` // below the directory
	What string `json:"what"` // Created, Changed or Removed
	Type string `json:"type"` // file, directory, link, or another word; if removed, its type before
	Size int64  `json:"size"` // of a file, in bytes

	was  string // its type below the overlay, empty if it was not there
	mode uint32
	err  error // why no more is known
}

// Counts are how many changes there are of each kind, in words.
func Counts(changes []Change) string {
	counts := map[string]int{}
	for _, c := range changes {
		counts[c.What]++
	}
	var parts []string
	for _, what := range []string{Created, Changed, Removed} {
		if n := counts[what]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	return strings.Join(parts, ", ")
}

// Layers are the directories of an overlay.
type Layers struct {
	Dir   string // the directory below
	Upper string // the command's changes
}

// Unkept is a path that was not written to a directory.
type Unkept struct {
	Path string `json:"path"`
	Why  string `json:"why"`
	// Fault says that it could have been, but for an error.
	Fault bool `json:"fault"`
}

// Kept is the outcome of writing changes to a directory.
type Kept struct {
	Done int // how many are in the directory now
	Not  []Unkept
}

// Faults counts the paths that an error kept from being written.
func (k Kept) Faults() (n int) {
	for _, u := range k.Not {
		if u.Fault {
			n++
		}
	}
	return n
}

// refused is why a change must not be written: its type, or that programs outside obey the
// file at its path, one of guarded, or one of git's in another directory. Letters count as
// equal in both cases, as they are for some file systems.
func refused(c Change, guarded []string) string {
	path := strings.ToLower(c.Path)
	for _, g := range guarded {
		g = strings.ToLower(g)
		leads := inside(g, path) && g != path
		switch {
		case inside(path, g):
			return "programs outside obey it"
		case leads && (c.What == Removed || c.Type != "directory"):
			return "programs outside obey files in it"
		}
	}
	if slices.Contains(guarded, ".git/config") && gitObeys(c, path) {
		return "git outside obeys it"
	}
	if c.What != Removed && c.Type != "file" && c.Type != "directory" && c.Type != "link" {
		return "it is a " + c.Type
	}
	return ""
}

// gitNames are entries of a git directory by which git runs programs, or finds others of
// the kind (gitrepository-layout(5)).
var gitNames = []string{"config", "config.worktree", "commondir", "gitdir", "hooks"}

// gitObeys reports whether a change is of what has git run programs in another repository
// than that at the top: in a directory of the project, in a submodule, in a work tree. git
// goes into those that its index names.
func gitObeys(c Change, path string) bool {
	names := strings.Split(path, "/")
	for at, name := range names {
		if name == ".git" && inGit(c, names[at+1:], at == 0) {
			return true
		}
	}
	return false
}

// inGit is gitObeys for the names of a path below a .git, or for .git itself; top says that
// this is the one at the top.
func inGit(c Change, below []string, top bool) bool {
	switch {
	case len(below) == 0:
		return !top && c.Type != "directory" // it names another
	case below[0] == "modules" || below[0] == "worktrees":
		return c.Type == "link" && c.What != Removed || slices.ContainsFunc(below[1:], func(n string) bool { return slices.Contains(gitNames, n) })
	}
	return !top && slices.Contains(gitNames, below[0])
}

func inside(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

// byPath has a directory come before its entries.
func byPath(a, b Change) int { return cmp.Compare(a.Path, b.Path) }

func join(dir, name string) string { return path.Join(dir, name) }

// typeOf is the type of a mode, in a word.
func typeOf(mode uint32) string {
	const mask = 0o170000
	switch mode & mask {
	case 0o100000:
		return "file"
	case 0o040000:
		return "directory"
	case 0o120000:
		return "link"
	case 0o010000:
		return "named pipe"
	case 0o140000:
		return "socket"
	}
	return "device"
}

// permissions are those of a mode that a file may keep.
func permissions(mode uint32) uint32 { return mode & uint32(fs.ModePerm) }

// directoryMode is the part of a mode that a directory may keep. There set-group-ID and sticky
// bits give nobody rights (inode(7)).
func directoryMode(mode uint32) uint32 { return mode & 0o3777 }

// Result is what became of a command's changes.
type Result struct {
	Changes []Change `json:"changes"`
	Into    string   `json:"keptIn,omitempty"` // the directory that has them, empty if they were dropped
	Kept    int      `json:"kept"`
	Not     []Unkept `json:"notKept,omitempty"` // those that the directory does not have
}
