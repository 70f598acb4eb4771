package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/nix-purity/purity/closure"
	"github.com/nix-purity/purity/closure/binarycache"
	"github.com/nix-purity/purity/closure/hostile"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/show"
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
		return show.Why(a.Stdout, have, c.Why)
	case c.Diff != "":
		other, err := c.other(ctx, a)
		if err != nil {
			return err
		}
		return show.Difference(a.Stdout, have.Diff(other))
	}
	return show.Closure(a.Stdout, have)
}

// closure returns the closure to show: of store paths in a binary cache, or of
// an environment.
func (c *closureCmd) closure(ctx context.Context, a *app) (closure.Closure, error) {
	if c.Store != "" {
		return c.cached(ctx, a)
	}
	if len(c.Ref) > 1 {
		return closure.Closure{}, words.Hint(fmt.Errorf("resolve closure: %d references are given", len(c.Ref)), "purity closure REF --diff OTHER compares two")
	}
	return a.closureOf(ctx, first(c.Ref), c.source)
}

// cached returns the closure of store paths in a binary cache. It reads the narinfo files
// of a directory itself, and asks Nix about any other cache.
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
	if s.ClosureFile != "" { // it lists only paths; Nix knows their references
		return ask.Nix.Closure(ctx, found.Env.Paths...)
	}
	return found.Env.Closure()
}

// other returns the closure that --diff names.
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
