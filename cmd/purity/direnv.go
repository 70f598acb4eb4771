package main

import (
	"fmt"

	"github.com/nix-purity/purity/cmd/purity/allow"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/hook"
	"github.com/nix-purity/purity/cmd/purity/trees"
)

// direnvEnvCmd is the command that the library for direnv calls.
type direnvEnvCmd struct {
	Flake string `arg:"" optional:"" name:"ref" default:"." help:"Flake of the dev shell."`
	source
	config.Settings
}

// Run prints shell code for direnv's bash. Even if there is no environment, direnv has to
// watch the files whose change could mend that.
func (c *direnvEnvCmd) Run(a *app) error {
	fmt.Fprint(a.Stdout, hook.WatchFiles(append([]string{config.Name}, config.Definitions...)))
	nix, project, request, err := a.request(c.Flake, c.source)
	fmt.Fprint(a.Stdout, hook.WatchFiles([]string{markOf(project)}))
	if err == nil {
		d := hook.Direnv{Call: a.hooks(), Nix: nix, Project: project, Request: request, Flags: c.Settings, Instead: c.Config, KeepAll: c.KeepAll}
		err = d.Print()
	}
	if err != nil {
		fmt.Fprintln(a.Stdout, "return 1")
		a.Log.Warn().Msg("nothing is confined in this shell")
	}
	return err
}

// markOf returns the file that changes when a permission of a project does; for an unknown
// project, the directory of all permissions.
func markOf(project trees.Project) string {
	if project.Dir == "" {
		return trees.TrustDir()
	}
	return allow.List{Dir: trees.TrustDir()}.Mark(project.Dir)
}
