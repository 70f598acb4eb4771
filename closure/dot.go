package closure

import (
	"bufio"
	"fmt"
	"io"
)

// WriteDOT writes the references as a graph for Graphviz, an arrow from each
// path to each of its references.
func (c Closure) WriteDOT(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprint(out, "digraph closure {\n\tnode [shape=box];\n")
	for _, n := range c.Nodes {
		fmt.Fprintf(out, "\t%q [label=%q];\n", n.Path.Base(), n.Path.Name())
		for _, r := range n.References {
			fmt.Fprintf(out, "\t%q -> %q;\n", n.Path.Base(), r.Base())
		}
	}
	fmt.Fprint(out, "}\n")
	return out.Flush()
}
