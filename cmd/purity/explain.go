package main

import (
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/show"
)

type explainCmd struct {
	Path  string `arg:"" type:"path" help:"File or directory to explain."`
	Flake string `placeholder:"REF" help:"Flake of the dev shell, with an optional #attribute (default: the flake here)." xor:"source"`
	source
	stored
	config.Settings
	JSON bool `name:"json" help:"Print JSON."`
}

// Help is shown below the flags.
func (explainCmd) Help() string {
	return `For a store path of the closure, the chain of references to it follows. After a denial,
the last line is the setting that would grant the access.`
}

// Run prints the explanation.
func (c *explainCmd) Run(a *app) error {
	a.store = c.Store
	p, err := a.policyOf(c.Flake, c.source, c.Settings)
	if err != nil {
		return err
	}
	e, err := show.Explain(p, c.Path)
	if err != nil {
		return err
	}
	if c.JSON {
		return screen.PrintJSON(a.Stdout, e)
	}
	return e.Print(a.Stdout)
}
