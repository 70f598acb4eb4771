package main

import (
	"os"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/show"
	"github.com/nix-purity/purity/nixeval"
)

type explainCmd struct {
	Path  string `arg:"" help:"File or directory to explain, or the name of a program."`
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
	e, err := show.Explain(p, named(p, c.Path))
	if err != nil {
		return err
	}
	if c.JSON {
		return screen.PrintJSON(a.Stdout, e)
	}
	return e.Print(a.Stdout)
}

// named returns the absolute path that a person means: a file, or a program in PATH, first that of
// the environment.
func named(p confine.Plan, name string) string {
	if _, err := os.Lstat(name); err != nil && !strings.Contains(name, "/") {
		for _, path := range []string{p.Env.Path(), os.Getenv("PATH")} {
			if file := nixeval.Find(name, path); file != "" {
				return file
			}
		}
	}
	return expandPath(name)
}
