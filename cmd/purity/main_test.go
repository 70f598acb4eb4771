package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

// kong accepts the tags of all commands, and learns the same of one alone as of all.
func TestGrammar(t *testing.T) {
	commands := model().Children
	if len(commands) < 20 {
		t.Fatalf("%d commands", len(commands))
	}
	for _, want := range commands {
		command := alone(want.Name)
		if command == nil {
			t.Errorf("%s cannot be learnt alone", want.Name)
			continue
		}
		parser, err := kong.New(&struct{ globals }{}, append(options("purity"), command)...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(described(want), described(parser.Model.Children[0])); diff != "" {
			t.Errorf("%s alone: %s", want.Name, diff)
		}
	}
	for _, none := range []string{"make", "", "-q", "diffreport"} {
		if alone(none) != nil {
			t.Errorf("%q is a command", none)
		}
	}
}

// described returns the arguments and flags of a command.
func described(n *kong.Node) (all []string) {
	all = append(all, fmt.Sprint(n.Path(), n.Help, n.Detail))
	for _, flags := range n.AllFlags(false) {
		for _, f := range flags {
			all = append(all, fmt.Sprint(f.Name, f.Help, f.Default, f.Enum, f.Envs, f.Xor, f.Required, f.PlaceHolder, f.Short, f.Negated))
		}
	}
	for _, p := range n.Positional {
		all = append(all, fmt.Sprint(p.Name, p.Help, p.Required, p.Passthrough, p.Enum, p.Default))
	}
	for _, child := range n.Children {
		all = append(all, described(child)...)
	}
	return all
}

// A plain exec, which kong does not parse, is as kong would parse it, and any other is kong's.
func TestPlainExec(t *testing.T) {
	exported := cmp.AllowUnexported(execCmd{}, globals{}, source{})
	for line, want := range map[string]bool{
		"exec -- make -j2 -- x": true, "exec --flake . -- make": true, "exec --flake .#a --level nix -- make -q": true, "exec --level open -- -x": true,
		"exec --": false, "exec make": false, "exec --flake . make": false, "exec --flake -- make": false, "exec --flake= -- make": false, "exec --flake . --flake . -- make": false,
		"exec --level nosuch -- make": false, "exec --flake -q -- make": false, "exec -q -- make": false, "exec --flake": false, "policy --flake . -- x": false,
	} {
		args := strings.Fields(line)
		got, plain := plainExec(args)
		if plain != want {
			t.Errorf("%s: %v", line, plain)
		}
		if !plain {
			continue
		}
		var all cli
		parser, err := kong.New(&all, options("purity")...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(args); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if diff := cmp.Diff(&all.Exec, got, exported); diff != "" {
			t.Errorf("%s: %s", line, diff)
		}
		_, flags, err := parse("purity", args)
		if diff := cmp.Diff(all.globals, flags, exported); diff != "" || err != nil {
			t.Errorf("%s: %v %s", line, err, diff)
		}
	}
}
