package main

import (
	"errors"
	"fmt"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/watch"
	"github.com/nix-purity/purity/enforce/observe"
)

type traceCmd struct {
	Flake string `placeholder:"REF" help:"Flake whose dev shell is meant, with an optional #attribute (default: the flake here)." xor:"source"`
	source
	config.Settings
	Programs bool     `help:"Show programs only."`
	Command  []string `arg:"" passthrough:"" name:"command" help:"The command and its arguments, after -- where it could be taken for a flag of purity."`
}

// Help is shown below the flags.
func (traceCmd) Help() string {
	return `Each line, on standard error, is a file, program, socket or port as it is used: the
number and name of the process, further in than its parent's; the access (r read, w
write, x execute, c connect, b bind; an exclamation mark before it where it is
refused); the store path and what in it, or the path or address.`
}

// Run runs the command, confined, and shows what it uses.
func (c *traceCmd) Run(a *app) error {
	command, err := commandLine(a.args, c.Command, "trace")
	if err != nil {
		return err
	}
	c.Explain = "files"
	if c.Programs {
		c.Explain = "programs"
	}
	ask, from, err := a.ask(c.Flake, c.source, c.Settings)
	if err != nil {
		return err
	}
	if ask.Active() {
		return errors.New("trace: this process is confined already, and nobody inside can watch")
	}
	tree := watch.NewTree()
	return run{app: a, ask: ask, from: from, command: command, trace: func(in confine.Found, e observe.Event) {
		fmt.Fprintln(a.Stderr, tree.Line(in, e))
	}}.execute()
}
