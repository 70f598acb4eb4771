package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/shim"
)

type shimsCmd struct {
	Flake string `arg:"" optional:"" name:"ref" default:"." help:"Flake whose dev shell is meant, with an optional #attribute."`
	Dir   string `placeholder:"DIR" type:"path" help:"Where to make them (default: a directory of the cache, which is printed)."`
	source
	config.Settings
}

// Help is shown below the flags.
func (shimsCmd) Help() string {
	return `Put the directory in front of PATH, and each program that the dev shell declares, and
each that builds, runs as "purity exec" would run it, with nothing asked of Nix: the environment is the one
that was resolved now. When flake.nix, flake.lock or another Nix file changes, the
shims say so and run nothing until they are made anew. A shellHook runs once, now,
confined; what it exports is there for each program.

What they catch is what is looked up in PATH. They do not catch a program that is
typed with its directory (/usr/bin/gcc, ./configure): "by-path ./configure", which
is among the shims, runs what lies in the project or the store confined, and the hook
of the shell ("purity hook --help") sees to it by itself. What a shim has started has
no way past it; "purity shell" confines the shell itself.`
}

// Run makes the shims.
func (c *shimsCmd) Run(a *app) error {
	ask, from, err := a.ask(c.Flake, c.source, c.Settings)
	if err != nil {
		return err
	}
	warnings, err := ask.Check()
	a.Warn(warnings...)
	if err != nil {
		return err
	}
	found, err := from(context.Background(), ask)
	if err != nil {
		return err
	}
	dir := c.Dir
	if dir == "" {
		dir = filepath.Join(ask.Nix.ProjectDir(ask.Project.Dir), "shims-"+ask.Identity()[:8])
	}
	renew := "(cd " + shell.Quote(ask.Project.Cwd) + " && purity " + shell.Join(a.args[1:]...) + ")"
	made, err := a.hooks().Make(ask, found, dir, shim.Set{Renew: renew})
	if err != nil {
		return err
	}
	if c.Dir == "" {
		fmt.Fprintln(a.Stdout, dir)
	}
	a.Log.Info().Str("hint", "PATH="+shell.Quote(dir)+":$PATH").Msgf("%d shims of %s in %s", made.Shims, made.Env.Source, dir)
	if made.Own > 0 || !made.Env.Tells() {
		a.Log.Info().Str("hint", "purity which  lists them").Msg(made.Count())
	}
	return nil
}
