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
	Flake string `placeholder:"REF" help:"Flake of the dev shell, with an optional #attribute (default: the flake here)." xor:"source"`
	source
	stored
	config.Settings
	Programs bool     `help:"Trace programs only."`
	Command  []string `arg:"" passthrough:"" name:"command" help:"Command and its arguments, after -- if they look like flags of purity."`
}

// Help is shown below the flags.
func (traceCmd) Help() string {
	return `Each line, on standard error, is a file, program, socket or port as it is used: the
number and name of the process, indented more than its parent; the access (r read, w
write, x execute, c connect, b bind; after an exclamation mark if it was denied); the
store path and the file in it, or the path or address.`
}

// Run runs the command, confined, and shows its uses.
func (c *traceCmd) Run(a *app) error {
	a.store = c.Store
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
		return errors.New("trace: this process is confined, and no process inside can watch")
	}
	tree := watch.NewTree()
	return run{app: a, ask: ask, from: from, command: command, trace: func(in confine.Found, e observe.Event) {
		fmt.Fprintln(a.Stderr, tree.Line(in, e))
	}}.execute()
}
