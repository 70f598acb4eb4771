package main

import (
	"errors"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/words"
)

type execCmd struct {
	Flake string `placeholder:"REF" help:"Flake whose dev shell is meant, with an optional #attribute (default: the flake here)." xor:"source"`
	source
	stored
	config.Settings
	keeping
	reporting
	Fail           bool     `help:"Exit with 1 if something was refused, although the command itself ended well."`
	UnlessConfined bool     `help:"In a confinement by purity, whichever it is, run the command as it is."`
	Command        []string `arg:"" passthrough:"" name:"command" help:"The command and its arguments, after -- where it could be taken for a flag of purity."`
}

// Help is shown below the flags.
func (execCmd) Help() string {
	return `The command gets the environment that "nix develop -c" would give it, but built
from nothing: PATH holds directories of the closure only, HOME and TMPDIR are
private to the project, and of the calling environment only the terminal,
language, time zone, user, proxies and CI are kept (--keep adds to that).
A shellHook runs first, inside the confinement.

The command replaces purity: its exit code, signals, terminal and job control
are its own, and everything it starts is confined as well.`
}

// Run replaces purity by the command; it returns only on an error.
func (c *execCmd) Run(a *app) error {
	command, err := commandLine(a.args, c.Command, "exec")
	if err != nil {
		return err
	}
	if c.UnlessConfined && confine.Inside() {
		return confine.RunHere(command, a.Environ)
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
	ask.Keeping = c.keeping.keeping()
	if ask.Active() {
		switch {
		case c.Fail:
			return words.Hint(errors.New("exec --fail: this process is confined already, and nobody inside can watch"), "leave --fail to the purity outside")
		case c.wanted():
			a.Log.Warn().Msg("this process is confined already, and nobody inside can watch, so there is no report")
		}
		job, err := ask.Again(command, a.Environ)
		if err != nil {
			return err
		}
		return replace(a, job)
	}
	return run{app: a, ask: ask, from: from, command: command, reports: c.reporting, fail: c.Fail}.execute()
}
