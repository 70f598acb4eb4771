package main

import (
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
)

type shellCmd struct {
	Flake string `placeholder:"REF" help:"Flake whose dev shell is meant, with an optional #attribute (default: the flake here)." xor:"source"`
	source
	stored
	config.Settings
	keeping
	Shell string `placeholder:"PROGRAM" help:"Another shell than the environment's bash."`
}

// Help is shown below the flags.
func (shellCmd) Help() string {
	return `The shell and all that is started from it see what "purity exec" would show
them. From nushell, elvish and any other shell it starts the dev shell's bash; --shell
names another shell of the dev shell, such as nu or elvish. The prompt of bash, zsh and
fish begins with (purity). A .bashrc in the private HOME is read. With
--presets editor your editors, tmux, starship and git find your configuration there.`
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
	return run{app: a, ask: ask, from: from, command: []string{"shell"}, program: confine.Interactive(c.Shell)}.execute()
}
