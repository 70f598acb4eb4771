package main

import (
	"fmt"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/hook"
)

type direnvHookCmd struct{}

// Help is shown below the flags.
func (direnvHookCmd) Help() string {
	return `Then an .envrc has "use purity", or "use purity .#ci --level nix": a flake and the
flags of purity exec. direnv exports what the dev shell exports, with shims in front
of PATH in the place of its programs, so that these run confined; leaving the
directory restores all. Variables by which a shell, a loader or an interpreter runs
code are not exported: the programs get them from their shims.

The project must be allowed (purity allow). It is loaded again when a file changes that
defines the environment; that takes a new "purity allow", and until then, and where Nix
fails, the environment from before stays.`
}

// Run prints the library.
func (direnvHookCmd) Run(a *app) error { return a.printHook("direnv") }

// direnvEnvCmd is what the library asks for.
type direnvEnvCmd struct {
	Flake string `arg:"" optional:"" name:"ref" default:"." help:"Flake whose dev shell is meant."`
	source
	config.Settings
}

// Run prints what direnv's bash is to evaluate. Also where there is no environment
// direnv has to know which files could mend that.
func (c *direnvEnvCmd) Run(a *app) error {
	fmt.Fprint(a.Stdout, hook.WatchFiles(append([]string{config.Name, confine.TrustDir()}, config.Definitions...)))
	nix, project, request, err := a.request(c.Flake, c.source)
	if err == nil {
		d := hook.Direnv{Hooks: a.hooks(), Nix: nix, Project: project, Request: request, Flags: c.Settings, Instead: c.Config, KeepAll: c.KeepAll}
		err = d.Print()
	}
	if err != nil {
		fmt.Fprintln(a.Stdout, "return 1")
		a.Log.Warn().Msg("nothing is confined in this shell")
	}
	return err
}
