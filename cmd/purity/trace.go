package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/observe"
)

type traceCmd struct {
	Flake string `placeholder:"REF" help:"Flake of the dev shell, with an optional #attribute (default: the flake here)." xor:"source"`
	source
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
	tree := processes{known: map[int]process{}, top: os.Getpid()}
	return run{app: a, ask: ask, from: from, command: command, trace: func(in confine.Found, e observe.Event) {
		fmt.Fprintln(a.Stderr, tree.line(in, e))
	}}.execute()
}

// line is the line for a use by a process.
func (t *processes) line(in confine.Found, e observe.Event) string {
	mark := " "
	if e.Denied {
		mark = "!"
	}
	where := screen.Printable(e.Path)
	if path := in.StorePath(e.Path); path != "" {
		where = path[strings.LastIndexByte(path, '/')+1:] + "  " + screen.Printable(strings.TrimPrefix(e.Path, path))
	}
	access := e.Access.String()
	if e.Address != "" {
		where, access = screen.Printable(e.Address), "----c"
		if e.Call == "bind" {
			access = "----b"
		}
	}
	if e.Refused != "" {
		where, access = screen.Printable(e.Refused), "-----"
	}
	who := t.of(e.PID)
	if e.Access&enforce.Execute != 0 {
		delete(t.known, e.PID) // it is called otherwise then
	}
	return fmt.Sprintf("%7d %-20s %s%s %s", who.id, strings.Repeat(" ", min(who.depth, 12))+screen.Printable(who.name), mark, access, where)
}

// process is the process of a thread.
type process struct {
	id    int
	name  string
	depth int // generations after the command's
}

// processes are those that are there, by their threads.
type processes struct {
	known map[int]process
	top   int // purity
}

// of is the process of a thread. It waits for its call to be seen, so it is there.
func (t *processes) of(thread int) process {
	if known, ok := t.known[thread]; ok {
		return known
	}
	p := process{id: thread}
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", thread))
	if err != nil {
		return p
	}
	parent := 0
	for line := range strings.Lines(string(data)) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":\t")
		switch key {
		case "Name":
			p.name = value
		case "Tgid":
			p.id, _ = strconv.Atoi(value)
		case "PPid":
			parent, _ = strconv.Atoi(value)
		}
	}
	if parent == t.top && p.name == "exe" { // purity, started as /proc/self/exe
		p.name = "purity"
	}
	if parent > 1 && parent != t.top {
		p.depth = t.of(parent).depth + 1
	}
	t.known[thread] = p
	return p
}
