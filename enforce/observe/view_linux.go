package observe

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
)

// Shown describes the differences of a view from the outside at the same places, by whose
// names all is judged: a file that the view hides is a denial.
type Shown struct {
	// Links are links of the view's own, by path, and where each leads.
	Links map[string]string
	// Private are directories of the view's own, which hide those outside.
	Private []string
	// ReadOnly are files and directories that are not written although a grant says so.
	ReadOnly []string
	// Spared are directories that would be the view's own, where nobody is in the view and
	// it is only judged by. What the watched make in them counts for nothing.
	Spared []enforce.Grant
	// Stood are programs outside, with their libraries, that Links stand for, where nobody is
	// in the view. What one of them reads of the others counts for nothing.
	Stood []enforce.Grant

	leading   map[string]bool // directories on the way to grants
	unwritten map[string]bool // ReadOnly
	pinning   map[string]bool // directories on the way to those
	before    *sync.Map       // files in spared directories that would not be in the view
	stood     map[string]bool // files of Stood, without links
}

// Hide notes that the watched processes are in a view, before watching starts.
func (o *Observer) Hide(s Shown) {
	s.leading = map[string]bool{"/": true}
	for path := range o.judge.grants {
		lead(s.leading, path)
	}
	for path := range s.Links {
		lead(s.leading, path)
	}
	s.unwritten, s.pinning = map[string]bool{}, map[string]bool{"/": true}
	for _, path := range s.ReadOnly {
		s.unwritten[path] = true
		lead(s.pinning, path)
	}
	s.before = new(sync.Map)
	for _, g := range s.Spared {
		s.keep(g.Path) // one that cannot be read is nobody's to use
	}
	s.stood = map[string]bool{}
	for _, g := range s.Stood {
		s.stood[enforce.Real(g.Path)] = true
	}
	o.shown = &s
}

// lead adds the directories on the way to a path to those that are known, of which / is one.
func lead(known map[string]bool, path string) {
	for path = above(path); !known[path]; path = above(path) {
		known[path] = true
	}
}

// keep notes what is in a directory.
func (s *Shown) keep(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		s.before.Store(filepath.Join(dir, e.Name()), true)
	}
	return err
}

// lessSpared is what of a missing access counts, without those that the view would give.
// Files that were there before are not in it; one that is made anew where there is none
// would be, and directories themselves are.
func (s *Shown) lessSpared(pid uint32, t target, p place, subject string, missing enforce.Access) enforce.Access {
	switch {
	case s == nil || missing == 0:
		return missing
	case missing&enforce.Write == 0 && s.stood[p.path] && s.stood[program(pid)]:
		return 0
	}
	for _, g := range s.Spared {
		if enforce.Inside(subject, g.Path) && (t.finds&nothing != 0 && s.makes(p.path, g.Path) || !s.kept(p.path, g.Path)) {
			missing &^= g.Access
		}
	}
	return missing
}

// kept reports whether a file, or a directory that it is in below dir, was there before.
func (s *Shown) kept(path, dir string) bool {
	for ; path != dir; path = above(path) {
		if _, before := s.before.Load(path); before {
			return true
		}
	}
	return false
}

// makes reports whether the view would let a file be made, in a directory that would be
// there. What is made in it counts for nothing from now on.
func (s *Shown) makes(path, dir string) bool {
	if path == dir || s.kept(above(path), dir) {
		return false
	}
	s.before.Delete(path)
	return true
}

// remade notes that a directory is to be made that is there already, at the top (/tmp/tmux-1000).
// The view would have it anew, and empty: what programs make in it is theirs. Deeper down it is
// likely a place that people keep results in.
func (s *Shown) remade(t target, p place) {
	if s == nil || t.finds != nothing || p.kind() != unix.S_IFDIR {
		return
	}
	for _, g := range s.Spared {
		_, before := s.before.Load(p.path)
		if before && above(p.path) == g.Path && s.keep(p.path) == nil { // else nobody knows what was in it
			s.before.Delete(p.path)
		}
	}
}

// place is where a name leads that the view has a link of its own for.
func (s *Shown) place(t target) target {
	if s == nil || t.text != "" || !filepath.IsAbs(t.path) {
		return t
	}
	if file, ok := s.Links[filepath.Clean(t.path)]; ok && !t.entry {
		t.path = file
	}
	return t
}

// missing is the part of an access that is denied in the view, of which the policy refuses some.
func (s *Shown) missing(pid uint32, call, path string, access, refused enforce.Access, p place) enforce.Access {
	switch {
	case s == nil:
	case access&enforce.Write == 0 && !p.none && s.lacks(pid, path):
		refused = access // it is outside only
	case access&enforce.Write != 0 && s.lacks(pid, parent(path, p)) && !strings.HasPrefix(call, "mkdir"):
		refused = access // its directory is; who makes directories goes on with that one
	case access&enforce.Write != 0 && (inside(path, s.unwritten) || inside(p.path, s.unwritten) || enforce.OfKernel(path)):
		refused |= enforce.Write
	case access == enforce.Read && s.leading[path] && p.kind() == unix.S_IFDIR:
		refused = 0 // they can be listed
	}
	return refused
}

// recognised reports whether a path means here the same as to a process with
// mounts of its own.
func (o *Observer) recognised(v view, p place) bool {
	if v.through == "" || p.nowhere {
		return true
	}
	path := p.path
	if p.none {
		path = above(path)
	}
	var ours, theirs unix.Stat_t
	return unix.Lstat(path, &ours) == nil && v.lstat(path, &theirs) == nil && ours.Dev == theirs.Dev && ours.Ino == theirs.Ino
}

// parent is the directory where a place is written: itself, or that of a file.
func parent(path string, p place) string {
	if path == p.path {
		return above(path)
	}
	return path
}

// lacks reports whether a path in a directory of the view's own is not there for a process.
func (s *Shown) lacks(pid uint32, path string) bool {
	return s.private(path) && unix.Lstat(fmt.Sprintf("/proc/%d/root%s", pid, path), new(unix.Stat_t)) == unix.ENOENT
}

// elsewhere reports whether a place, to which something is moved, is in a directory that a
// process lacks: what is there outside does not matter to it.
func (s *Shown) elsewhere(pid uint32, call string, p place) bool {
	return s != nil && p.path != "" && !p.none && strings.HasPrefix(call, "rename") && s.lacks(pid, above(p.path))
}

// private reports whether a path lies in a directory of the view's own.
func (s *Shown) private(path string) bool {
	return slices.ContainsFunc(s.Private, func(dir string) bool { return enforce.Inside(path, dir) })
}

// errno is the answer of the kernel in the view, where the policy alone would have it
// answer another.
func (s *Shown) errno(pid uint32, j judge, path string, refused enforce.Access, answer string) string {
	switch {
	case s == nil:
	case s.lacks(pid, path):
		return "ENOENT"
	case enforce.OfProcess(path): // not read-only there, and only Landlock's to refuse
		return answer
	case s.leading[path] && refused&enforce.Write != 0, j.shows(path) && refused == enforce.Write:
		return "EROFS"
	case !j.shows(path) && !s.leading[path]:
		return "ENOENT"
	}
	return answer
}

// pinned reports whether a call moves a directory that a file which is not written lies in. Each
// such directory is a mount of its own. To remove one, or to replace it, fails without a view as
// well: it is not empty.
func (s *Shown) pinned(call string, t target, p place) bool {
	moves := strings.HasPrefix(call, "rename") && t.entry && t.finds&nothing == 0
	return s != nil && moves && !p.none && p.path != "/" && s.pinning[p.path]
}

// busy is the answer to a call that changes an entry of a directory. A file that is not written
// although a grant says so is a mount of its own, which nobody removes or replaces.
func (s *Shown) busy(t target, p place, pinned bool, answer string) string {
	switch {
	case s == nil || !t.entry || p.none || !pinned && !s.unwritten[p.path]:
		return answer
	case t.errno == unix.EXDEV:
		return "EXDEV"
	}
	return "EBUSY"
}

// shows reports whether a grant has a path be there.
func (j judge) shows(path string) bool {
	for ; ; path = above(path) {
		if j.grants[path]&^enforce.List != 0 {
			return true
		}
		if path == "/" || path == "." {
			return false
		}
	}
}
