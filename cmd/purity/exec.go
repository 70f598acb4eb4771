package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/nixeval"
)

type execCmd struct {
	Flake string `placeholder:"REF" default:"." help:"Flake whose dev shell is meant, with an optional #attribute."`
	source
	config.Settings
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
	command, err := commandLine(c.Command, "exec")
	if err != nil {
		return err
	}
	if c.UnlessConfined && os.Getenv(activeVariable) != "" && enforce.Confined() {
		return a.runHere(command)
	}
	ctx := context.Background()
	p, err := a.prepare(c.Flake, c.source, c.Settings)
	if err != nil {
		return err
	}
	p.failImpure = c.Fail
	if p.alreadyConfined() {
		switch {
		case c.Fail:
			return words.Hint(errors.New("exec --fail: this process is confined already, and nobody inside can watch"), "leave --fail to the purity outside")
		case c.wanted():
			a.Log.Warn().Msg("this process is confined already, and nobody inside can watch, so there is no report")
		}
		return p.runAgain(command)
	}
	return p.enter(ctx, command, c.reporting, func(environ []string, run nixeval.Run) (launch, error) {
		return p.command(command, environ, run)
	})
}

// commandLine is the command that was given, without the -- before it.
func commandLine(given []string, of string) ([]string, error) {
	switch {
	case len(given) > 0 && given[0] == "--":
		given = given[1:]
	case len(given) > 0 && strings.HasPrefix(given[0], "-"):
		return nil, words.Hint(fmt.Errorf("read command line: unknown flag %s", given[0]), "purity "+of+" --help")
	}
	if len(given) == 0 || given[0] == "" {
		return nil, words.Hint(errors.New("run command: none is given"), "purity "+of+" -- make")
	}
	return given, nil
}
