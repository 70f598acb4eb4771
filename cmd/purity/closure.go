package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/nix-purity/purity/closure"
	"github.com/nix-purity/purity/closure/binarycache"
	"github.com/nix-purity/purity/closure/hostile"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/words"
)

type closureCmd struct {
	Ref []string `arg:"" optional:"" name:"ref" placeholder:"REF|STORE-PATH" help:"Flake, with an optional #attribute (default: the flake here); with --store, store paths."`
	source
	JSON       bool     `name:"json" help:"Print JSON." xor:"form"`
	Dot        bool     `help:"Print the references as a graph for Graphviz." xor:"form"`
	Why        string   `placeholder:"NAME" help:"Print the shortest chain of references to a store path, or to one whose name has this part." xor:"form"`
	Diff       string   `placeholder:"REF|FILE" help:"Print the difference from another closure: a flake, a file written with --json, or one of closureInfo." xor:"form"`
	Store      string   `placeholder:"URL" help:"Read the closure of store paths from a binary cache, file://DIR or a URL that Nix knows. This machine need not have the paths."`
	TrustedKey []string `placeholder:"KEY" sep:"none" help:"Public key that signs the paths of --store (default: the key of cache.nixos.org); can be repeated."`
}

// Run prints the closure.
func (c *closureCmd) Run(a *app) error {
	ctx := context.Background()
	have, err := c.closure(ctx, a)
	if err != nil {
		return err
	}
	switch {
	case c.JSON:
		return screen.PrintJSON(a.Stdout, have)
	case c.Dot:
		return have.WriteDOT(a.Stdout)
	case c.Why != "":
		return printWhy(a.Stdout, have, c.Why)
	case c.Diff != "":
		other, err := c.other(ctx, a)
		if err != nil {
			return err
		}
		return printDiff(a.Stdout, have.Diff(other))
	}
	return printClosure(a.Stdout, have)
}

// closure is the one asked for: of store paths in a binary cache, or of an
// environment.
func (c *closureCmd) closure(ctx context.Context, a *app) (closure.Closure, error) {
	if c.Store != "" {
		return c.cached(ctx, a)
	}
	if len(c.Ref) > 1 {
		return closure.Closure{}, words.Hint(fmt.Errorf("resolve closure: %d references are given", len(c.Ref)), "purity closure REF --diff OTHER compares two")
	}
	return a.closureOf(ctx, first(c.Ref), c.source)
}

// cached is the closure of store paths in a binary cache. The narinfo files of a
// directory are read here; Nix is asked about any other cache.
func (c *closureCmd) cached(ctx context.Context, a *app) (closure.Closure, error) {
	if len(c.Ref) == 0 {
		return closure.Closure{}, words.Hint(errors.New("read binary cache: no store path is given"), "purity closure --store URL /nix/store/…")
	}
	trusted := c.TrustedKey
	if len(trusted) == 0 {
		trusted = []string{binarycache.DefaultKey}
	}
	keys, err := binarycache.ParseKeys(trusted)
	if err != nil {
		return closure.Closure{}, err
	}
	if dir, ok := strings.CutPrefix(c.Store, "file://"); ok {
		return binarycache.Dir(dir).Closure(keys, c.Ref...)
	}
	nix, err := a.nix()
	if err != nil {
		return closure.Closure{}, err
	}
	var roots []closure.Path
	for _, ref := range c.Ref {
		root, err := closure.Parse(nix.StoreDir(), ref)
		if err != nil {
			return closure.Closure{}, fmt.Errorf("read binary cache %s: %w", c.Store, err)
		}
		roots = append(roots, root)
	}
	nodes, err := nix.Elsewhere(ctx, c.Store, roots...)
	var invalid *closure.InvalidPathError
	if errors.As(err, &invalid) {
		err = &binarycache.NotFoundError{Path: invalid.Path, Cache: c.Store}
	}
	if err != nil {
		return closure.Closure{}, err
	}
	return keys.Closure(nix.StoreDir(), roots, nodes)
}

func first(refs []string) string {
	if len(refs) == 0 {
		return "."
	}
	return refs[0]
}

// closureOf resolves an environment and returns its closure with references.
func (a *app) closureOf(ctx context.Context, ref string, s source) (closure.Closure, error) {
	ask, from, err := a.ask(ref, s, config.Settings{})
	if err != nil {
		return closure.Closure{}, err
	}
	found, err := from(ctx, ask)
	if err != nil {
		return closure.Closure{}, err
	}
	if s.ClosureFile != "" { // it lists paths, and Nix knows the rest
		return ask.Nix.Closure(ctx, found.Env.Paths...)
	}
	return found.Env.Closure()
}

// other is the closure that --diff names.
func (c *closureCmd) other(ctx context.Context, a *app) (closure.Closure, error) {
	data, err := hostile.ReadNamed(c.Diff, 64<<20)
	if err != nil { // not a file, so a flake
		return a.closureOf(ctx, c.Diff, source{Refresh: c.Refresh, OverrideInput: c.OverrideInput})
	}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		var other closure.Closure
		if err := json.Unmarshal(data, &other); err != nil {
			return closure.Closure{}, fmt.Errorf("read closure %s: %w", c.Diff, err)
		}
		return other, nil
	}
	return a.closureOf(ctx, ".", source{ClosureFile: c.Diff})
}

// printClosure lists the largest paths first: people look for these.
func printClosure(out io.Writer, c closure.Closure) error {
	nodes := slices.SortedStableFunc(slices.Values(c.Nodes), func(a, b closure.Node) int { return cmp.Compare(b.NarSize, a.NarSize) })
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, n := range nodes {
		fmt.Fprintf(table, "%s\t  %s\n", screen.Size(n.NarSize), n.Path)
	}
	fmt.Fprintf(table, "%s\t  in %d store paths\n", screen.Size(c.NarSize()), len(nodes))
	return table.Flush()
}

func printWhy(out io.Writer, c closure.Closure, wanted string) error {
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

func printDiff(out io.Writer, d closure.Difference) error {
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
