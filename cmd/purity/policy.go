package main

import (
	"context"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/show"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/cmd/purity/words"
)

type policyCmd struct {
	Ref string `arg:"" optional:"" name:"ref" default:"." help:"Flake of the dev shell, with an optional #attribute (default: the flake here)."`
	source
	stored
	config.Settings
	keeping
	JSON bool `name:"json" help:"Print JSON." xor:"form"`
	All  bool `help:"Print a row for each store path of the closure."`
	Diff bool `help:"Print the difference from the policy without purity.toml and flags: + is more, - is less." xor:"form"`
}

// Help is shown below the flags.
func (policyCmd) Help() string {
	return `Each row has the access of a command (r read, w write, x execute, i control a device,
c connect to a socket), the reason, and a path with everything below it. exec uses exactly
these grants, and the kernel denies all other paths. The store paths of the closure
are one row; --all prints each, as does purity closure.`
}

// Run prints the policy.
func (c *policyCmd) Run(a *app) error {
	a.store = c.Store
	flags, err := c.settings(c.Settings)
	if err != nil {
		return err
	}
	plan, err := a.policyOf(c.Ref, c.source, flags)
	if err != nil {
		return err
	}
	plan.Keeping = c.keeping.keeping()
	p := show.Plan{Plan: plan}
	switch {
	case c.JSON:
		return screen.PrintJSON(a.Stdout, p.JSON())
	case c.Diff:
		return p.Diff(a.Stdout)
	}
	return p.Table(a.Stdout, c.All)
}

// policyOf returns the plan of a run for printing, and makes nothing. For a file that was
// not allowed it only warns, because people look at a file before they allow it.
func (a *app) policyOf(ref string, s source, flags config.Settings) (confine.Plan, error) {
	ask, from, err := a.ask(ref, s, flags)
	if err != nil {
		return confine.Plan{}, err
	}
	if err := confine.Trusted(ask.Nix, ask.File, ask.Flags, ask.Project); words.Untrusted(err) {
		a.Log.Warn().Msg(err.Error())
	} else if err != nil {
		return confine.Plan{}, err
	}
	plan, err := ask.Resolve(context.Background(), from)
	a.Warn(plan.Warnings...)
	if err != nil {
		return plan, err
	}
	plan.Policy.Grants = append(plan.Policy.Grants, trees.TempGrant(trees.TempPattern(plan.Nix)))
	return plan, nil
}
