package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/enforce/observe"
	"github.com/nix-purity/purity/nixeval"
)

type traceCmd struct {
	Flake string `placeholder:"REF" default:"." help:"Flake whose dev shell is meant, with an optional #attribute."`
	source
	config.Settings
	Programs bool     `help:"Show programs only."`
	Command  []string `arg:"" passthrough:"" name:"command" help:"The command and its arguments, after -- where it could be taken for a flag of purity."`
}

// Help is shown below the flags.
func (traceCmd) Help() string {
	return `Each line, on standard error, is a file or program as it is used: the process, the
access (r read, w write, x execute, c connect; an exclamation mark before it where
it is refused), the store path and what in it, or the path.`
}

// Run runs the command, confined, and shows what it uses.
func (c *traceCmd) Run(a *app) error {
	command, err := commandLine(c.Command, "trace")
	if err != nil {
		return err
	}
	c.Explain = "files"
	if c.Programs {
		c.Explain = "programs"
	}
	p, err := a.prepare(c.Flake, c.source, c.Settings)
	if err != nil {
		return err
	}
	if p.alreadyConfined() {
		return errors.New("trace: this process is confined already, and nobody inside can watch")
	}
	p.trace = func(e observe.Event) {
		mark := " "
		if e.Denied {
			mark = "!"
		}
		where := e.Path
		if path := p.storePath(e.Path); path != "" {
			where = path[strings.LastIndexByte(path, '/')+1:] + "  " + strings.TrimPrefix(e.Path, path)
		}
		fmt.Fprintf(a.stderr, "%7d %s%s %s\n", e.PID, mark, e.Access, where)
	}
	return p.enter(context.Background(), command, reporting{}, func(environ []string, run nixeval.Run) (launch, error) {
		return p.command(command, environ, run)
	})
}
