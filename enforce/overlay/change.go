package overlay

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
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
// file at its path, one of guarded.
func refused(c Change, guarded []string) string {
	for _, g := range guarded {
		leads := inside(g, c.Path) && g != c.Path
		switch {
		case inside(c.Path, g):
			return "programs outside obey it"
		case leads && (c.What == Removed || c.Type != "directory"):
			return "programs outside obey files in it"
		}
	}
	if c.What != Removed && c.Type != "file" && c.Type != "directory" && c.Type != "link" {
		return "it is a " + c.Type
	}
	return ""
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
