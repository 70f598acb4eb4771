package closure

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Node is a valid store path with Nix's facts about it.
type Node struct {
	Path       Path
	NarSize    int64  // size of its archive in bytes
	References []Path // sorted, without the path itself
	Deriver    Path   // the derivation it was built by, empty if unknown
}

// Closure is a set of store paths with all that they refer to. The zero value
// is the empty closure. A Closure is not changed after it is made.
type Closure struct {
	StoreDir string
	Roots    []Path // sorted
	Nodes    []Node // sorted by path
}

// New makes a closure of nodes. It is an error if a root or a reference is
// not among them: such a set is not closed, and the paths that it leaves out would be
// missing at run time. Paths that no root reaches are allowed.
func New(storeDir string, roots []Path, nodes []Node) (Closure, error) {
	c := Closure{StoreDir: storeDir, Roots: slices.Clone(roots), Nodes: make([]Node, 0, len(nodes))}
	slices.Sort(c.Roots)
	c.Roots = slices.Compact(c.Roots)
	for _, n := range nodes {
		n.References = slices.DeleteFunc(slices.Clone(n.References), func(r Path) bool { return r == n.Path })
		slices.Sort(n.References)
		n.References = slices.Compact(n.References)
		c.Nodes = append(c.Nodes, n)
	}
	slices.SortFunc(c.Nodes, func(a, b Node) int { return cmp.Compare(a.Path, b.Path) })
	c.Nodes = slices.CompactFunc(c.Nodes, func(a, b Node) bool { return a.Path == b.Path })
	for _, r := range c.Roots {
		if !c.Contains(r) {
			return Closure{}, fmt.Errorf("make closure: root %s is missing", r)
		}
	}
	for _, n := range c.Nodes {
		for _, r := range n.References {
			if !c.Contains(r) {
				return Closure{}, fmt.Errorf("make closure: %s is missing, which %s refers to", r, n.Path)
			}
		}
	}
	return c, nil
}

// Paths returns the store paths, sorted.
func (c Closure) Paths() []Path {
	paths := make([]Path, len(c.Nodes))
	for i, n := range c.Nodes {
		paths[i] = n.Path
	}
	return paths
}

// Node returns the node of p and whether p is in the closure.
func (c Closure) Node(p Path) (Node, bool) {
	i, ok := slices.BinarySearchFunc(c.Nodes, p, func(n Node, p Path) int { return cmp.Compare(n.Path, p) })
	if !ok {
		return Node{}, false
	}
	return c.Nodes[i], true
}

// Contains reports whether p is in the closure.
func (c Closure) Contains(p Path) bool {
	_, ok := c.Node(p)
	return ok
}

// NarSize returns the size of all paths together, in bytes.
func (c Closure) NarSize() int64 {
	var size int64
	for _, n := range c.Nodes {
		size += n.NarSize
	}
	return size
}

// ClosureSize returns the size of p and all that it reaches, in bytes.
func (c Closure) ClosureSize(p Path) int64 {
	var size int64
	for reached := range c.search([]Path{p}) {
		n, _ := c.Node(reached)
		size += n.NarSize
	}
	return size
}

// Why returns the shortest chain of references from a root to p, both
// included, and nil if no root reaches p. Among chains of one length it is the
// first in the order of paths.
func (c Closure) Why(p Path) []Path {
	from := c.search(c.Roots)
	if _, ok := from[p]; !ok {
		return nil
	}
	var chain []Path
	for at := p; at != ""; at = from[at] {
		chain = append(chain, at)
	}
	slices.Reverse(chain)
	return chain
}

// search goes breadth first from start and returns for each path reached the
// one that it was reached from, empty for those of start.
func (c Closure) search(start []Path) map[Path]Path {
	from := make(map[Path]Path, len(c.Nodes))
	for _, p := range start {
		from[p] = ""
	}
	for queue := slices.Sorted(maps.Keys(from)); len(queue) > 0; queue = queue[1:] {
		n, _ := c.Node(queue[0])
		for _, r := range n.References {
			if _, seen := from[r]; !seen {
				from[r] = n.Path
				queue = append(queue, r)
			}
		}
	}
	return from
}
