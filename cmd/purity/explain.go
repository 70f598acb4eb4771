package main

import (
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/show"
)

type explainCmd struct {
	Path  string `arg:"" type:"path" help:"The file or directory."`
	Flake string `placeholder:"REF" help:"Flake whose dev shell is meant, with an optional #attribute (default: the flake here)." xor:"source"`
	source
	config.Settings
	JSON bool `name:"json" help:"Print JSON."`
}

// Help is shown below the flags.
func (explainCmd) Help() string {
	return `For a store path of the closure the chain of references follows that brings it
in. Where something is refused, the last line says what would allow it.`
}

// Run prints the explanation.
func (c *explainCmd) Run(a *app) error {
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
