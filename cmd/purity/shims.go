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
	Flake string `arg:"" optional:"" name:"ref" default:"." help:"Flake of the dev shell, with an optional #attribute (default: the flake here)."`
	Dir   string `placeholder:"DIR" type:"path" help:"Directory to fill (default: one of the cache; purity prints its path)."`
	source
	stored
	config.Settings
}

// Help is shown below the flags.
func (shimsCmd) Help() string {
	return `With the directory in front of PATH, each declared program of the dev shell, and each
builder such as make, runs as under "purity exec". The shims ask Nix nothing: they use
the environment of now. When flake.nix, flake.lock or another Nix file changes, the
shims run nothing until you renew them, and print a hint. A shellHook runs once, now,
confined; each program gets the variables that it exports.

Shims catch names that a shell looks up in PATH. They miss a program that you run by path
(/usr/bin/gcc, ./configure). The shim "by-path ./configure" runs files of the project or
the store confined, and shell hooks ("purity hook --help") add it by themselves. No
program that a shim has started gets past it. "purity shell" confines the shell itself.`
}

// Run makes the shims.
func (c *shimsCmd) Run(a *app) error {
	a.store = c.Store
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
