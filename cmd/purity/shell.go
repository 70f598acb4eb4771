package main

import (
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/launch"
)

type shellCmd struct {
	Flake string `placeholder:"REF" help:"Flake of the dev shell, with an optional #attribute (default: the flake here)." xor:"source"`
	source
	stored
	config.Settings
	keeping
	Shell string `placeholder:"PROGRAM" help:"Shell to start (default: the environment's bash)."`
}

// Help is shown below the flags.
func (shellCmd) Help() string {
	return `The shell and every program started from it run as under "purity exec". Called from
nushell, elvish or any other shell, purity starts the dev shell's bash; --shell names
another shell of the dev shell, such as nu or elvish. The prompt of bash, zsh and fish
begins with (purity). bash reads a .bashrc in the private HOME. With --presets editor your
editors, tmux, starship and git find your configuration there.`
}

// Run replaces purity by the shell; it returns only on an error.
func (c *shellCmd) Run(a *app) error {
	a.store = c.Store
	flags, err := c.settings(c.Settings)
	if err != nil {
		return err
	}
	ask, from, err := a.ask(c.Flake, c.source, flags)
	if err != nil {
		return err
	}
	ask.Keeping = c.keeping.keeping()
	return run{app: a, ask: ask, from: from, command: []string{"shell"}, program: launch.Interactive(c.Shell)}.execute()
}
