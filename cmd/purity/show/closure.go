package show

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/nix-purity/purity/closure"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/words"
)

// Closure lists the largest paths first: people look for these.
func Closure(out io.Writer, c closure.Closure) error {
	nodes := slices.SortedStableFunc(slices.Values(c.Nodes), func(a, b closure.Node) int { return cmp.Compare(b.NarSize, a.NarSize) })
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, n := range nodes {
		fmt.Fprintf(table, "%s\t  %s\n", screen.Size(n.NarSize), n.Path)
	}
	fmt.Fprintf(table, "%s\t  in %d store paths\n", screen.Size(c.NarSize()), len(nodes))
	return table.Flush()
}

// Why prints the shortest chain of references that brings in the path which is, or is named, wanted.
func Why(out io.Writer, c closure.Closure, wanted string) error {
	path, err := match(c, wanted)
	if err != nil {
		return err
	}
	for i, p := range c.Why(path) {
		fmt.Fprintf(out, "%*s%s\n", 2*i, "", p)
	}
	return nil
}

// match finds the path of c that is, or is named, wanted.
func match(c closure.Closure, wanted string) (closure.Path, error) {
	if p, _, err := closure.Within(c.StoreDir, wanted); err == nil {
		if !c.Contains(p) {
			return "", words.Hint(fmt.Errorf("explain %s: it is not in the closure", p), "purity closure lists all")
		}
		return p, nil
	}
	var found []closure.Node
	for _, n := range c.Nodes {
		if n.Path.Name() == wanted {
			return n.Path, nil
		}
		if strings.Contains(n.Path.Base(), wanted) {
			found = append(found, n)
		}
	}
	if len(found) == 0 {
		return "", words.Hint(fmt.Errorf("explain %s: no path of the closure is named so", wanted), "purity closure lists all")
	}
	for _, meant := range []func(closure.Node) bool{
		func(closure.Node) bool { return true },
		func(n closure.Node) bool { return ofPackage(n.Path.Name(), wanted) },
		func(n closure.Node) bool { return ofPackage(n.Path.Name(), wanted) && mainOutput(n) },
	} {
		if i := slices.IndexFunc(found, meant); i >= 0 && !slices.ContainsFunc(found[i+1:], meant) {
			return found[i].Path, nil
		}
	}
	names := fmt.Sprintf("explain %s: %d paths of the closure are named so", wanted, len(found))
	for _, n := range found {
		names += "\n" + string(n.Path)
	}
	return "", words.Hint(errors.New(names), "purity closure --why "+string(found[0].Path))
}

// ofPackage reports whether the name of a store path is that of a package, with or
// without a version: zlib-1.3-dev is of zlib, zlib-ng-2.2 is not.
func ofPackage(name, pname string) bool {
	rest, ok := strings.CutPrefix(name, pname)
	return ok && (rest == "" || len(rest) > 1 && rest[0] == '-' && '0' <= rest[1] && rest[1] <= '9')
}

// mainOutput reports whether a store path is the output of its derivation that has no
// name of its own. Where the derivation is not known, the names of nixpkgs' outputs tell.
func mainOutput(n closure.Node) bool {
	if n.Deriver != "" {
		return n.Path.Name() == strings.TrimSuffix(n.Deriver.Name(), ".drv")
	}
	name := n.Path.Name()
	output := name[strings.LastIndexByte(name, '-')+1:]
	return !slices.Contains([]string{"bin", "debug", "dev", "devdoc", "dist", "doc", "info", "lib", "man", "static"}, output)
}

// Difference prints the difference between two closures.
func Difference(out io.Writer, d closure.Difference) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, n := range d.Added {
		fmt.Fprintf(table, "+\t%s\t%s\n", n.Path, screen.Size(n.NarSize))
	}
	for _, n := range d.Removed {
		fmt.Fprintf(table, "-\t%s\t%s\n", n.Path, screen.Size(n.NarSize))
	}
	for _, change := range d.Changed {
		fmt.Fprintf(table, "~\t%s\t%s -> %s\n", change.New.Path, screen.Size(change.Old.NarSize), screen.Size(change.New.NarSize))
	}
	if len(d.Added)+len(d.Removed)+len(d.Changed) == 0 {
		fmt.Fprintln(table, "the same store paths")
	}
	return table.Flush()
}
