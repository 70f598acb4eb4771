package main

import (
	"errors"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/launch"
	"github.com/nix-purity/purity/cmd/purity/words"
)

type execCmd struct {
	Flake string `placeholder:"REF" help:"Flake of the dev shell, with an optional #attribute (default: the flake here)." xor:"source"`
	source
	stored
	config.Settings
	keeping
	reporting
	Fail           bool     `help:"Exit with 1 if purity denied something, although the command itself ended well."`
	UnlessConfined bool     `machines:"" help:"If purity already confines this process, just run the command."`
	Command        []string `arg:"" passthrough:"" name:"command" help:"Command and its arguments, after -- if they look like flags of purity."`
}

// Help is shown below the flags.
func (execCmd) Help() string {
	return `The command gets the environment that "nix develop -c" would give it, but built
from nothing. PATH holds directories of the closure only. HOME and TMPDIR are
private to the project. purity keeps the caller's variables for terminal, language,
time zone, user, proxies and CI, and those of --keep.

A shellHook runs first, inside the confinement.

The command replaces purity: its exit code, signals, terminal and job control
are its own. Everything it starts is confined, too.`
}

// Run replaces purity by the command; it returns only on an error.
func (c *execCmd) Run(a *app) error {
	command, err := commandLine(a.args, c.Command, "exec")
	if err != nil {
		return err
	}
	keeps := c.keeping.keeping()
	if c.UnlessConfined && confine.Inside() && !keeps.Asked { // the present confinement has no overlay for changes
		return launch.RunHere(command, a.Environ)
	}
	a.store = c.Store
	flags, err := c.settings(c.Settings)
	if err != nil {
		return err
	}
	ask, from, err := a.ask(c.Flake, c.source, flags)
	if err != nil {
		return err
	}
	ask.Keeping = keeps
	if ask.Active() {
		switch {
		case keeps.Dir != "":
			return words.Hint(errors.New("keep changes: this process is in an overlay already, whose changes the purity outside lists"), "give --keep-changes to that one, or leave it out")
		case c.Fail:
			return words.Hint(errors.New("exec --fail: this process is confined, and no process inside can watch"), "leave --fail to the purity outside")
		case c.wanted():
			a.Log.Warn().Msg("this process is confined, and no process inside can watch, so there is no report")
		}
		job, err := launch.Again(ask, command, a.Environ)
		if err != nil {
			return err
		}
		return replace(a, job)
	}
	return run{app: a, ask: ask, from: from, command: command, reports: c.reporting, fail: c.Fail}.execute()
}
