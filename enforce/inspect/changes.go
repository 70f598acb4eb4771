package inspect

import (
	"cmp"
	"crypto/sha256"
	"slices"
)

// Snapshot is the state, at one time, of the files in a project that programs outside run or obey
// later, by their path.
type Snapshot map[string]seen

// seen is one file, or one directory that counts as one.
type seen struct {
	by    string            // who reads it
	sum   [sha256.Size]byte // of its content, zero if it is not read
	state [sha256.Size]byte // of its metadata
}

// same reports whether nothing changed. For a file that was not read both times it counts whether
// it was written since.
func (s seen) same(now seen) bool {
	none := [sha256.Size]byte{}
	switch {
	case s.by != now.by:
		return false
	case s.sum != none && now.sum != none:
		return s.sum == now.sum
	}
	return s.state == now.state
}

// Change is a file that differs between two snapshots.
type Change struct {
	Path string // relative to the project
	What string // "new", "changed" or "removed"
	By   string // its reader or runner: "git", "direnv", "editors"
}

// Changes are the files that differ now: first those that run soonest, by the order of the tables,
// then by path.
func (s Snapshot) Changes(now Snapshot) []Change {
	var changes []Change
	for path, is := range now {
		if was, ok := s[path]; !ok {
			changes = append(changes, Change{path, "new", is.by})
		} else if !was.same(is) {
			changes = append(changes, Change{path, "changed", is.by})
		}
	}
	for path, was := range s {
		if _, ok := now[path]; !ok {
			changes = append(changes, Change{path, "removed", was.by})
		}
	}
	slices.SortFunc(changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(rank(a.By), rank(b.By)), cmp.Compare(a.Path, b.Path))
	})
	return changes
}

// rank is where a reader stands in the order; those of no table come first.
func rank(by string) int { return slices.IndexFunc(later, func(r reader) bool { return r.by == by }) }
