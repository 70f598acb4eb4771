package closure

import (
	"cmp"
	"slices"
)

// Difference is the paths that one closure has and another has not.
type Difference struct {
	Added   []Node   // only in the other
	Removed []Node   // only in this one
	Changed []Change // of one name in both, with different hashes
}

// Change is a store path in two closures.
type Change struct{ Old, New Node }

// Diff tells how to get from c to other. Paths that are in one of them only
// are paired by name, in order.
func (c Closure) Diff(other Closure) Difference {
	var d Difference
	gone, came := c.without(other), other.without(c)
	for len(gone) > 0 || len(came) > 0 {
		switch order := compareNames(gone, came); {
		case order == 0:
			d.Changed = append(d.Changed, Change{Old: gone[0], New: came[0]})
			gone, came = gone[1:], came[1:]
		case order < 0:
			d.Removed = append(d.Removed, gone[0])
			gone = gone[1:]
		default:
			d.Added = append(d.Added, came[0])
			came = came[1:]
		}
	}
	return d
}

// without returns the nodes of c that other has not, sorted by name.
func (c Closure) without(other Closure) []Node {
	var nodes []Node
	for _, n := range c.Nodes {
		if !other.Contains(n.Path) {
			nodes = append(nodes, n)
		}
	}
	slices.SortFunc(nodes, func(a, b Node) int {
		return cmp.Or(cmp.Compare(a.Path.Name(), b.Path.Name()), cmp.Compare(a.Path, b.Path))
	})
	return nodes
}

// compareNames compares the first names; an empty list comes last.
func compareNames(a, b []Node) int {
	switch {
	case len(a) == 0:
		return 1
	case len(b) == 0:
		return -1
	}
	return cmp.Compare(a[0].Path.Name(), b[0].Path.Name())
}
