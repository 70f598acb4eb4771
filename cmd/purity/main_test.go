package main

import (
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

// kong accepts the tags of all commands, and learning exec alone or not at all
// comes to the same as learning everything.
func TestGrammar(t *testing.T) {
	for _, args := range [][]string{
		{"exec", "--", "make", "-j2", "--", "x"},
		{"exec", "make", "-j2"},
		{"exec", "--flake", ".#x", "--home=none", "--set", "A=b,c", "--", "make"},
		{"exec", "-v", "--log-format", "json", "--root", "/a", "--root", "/b", "--override-input", "n=path:/x", "--", "make"},
	} {
		var all cli
		parser, err := kong.New(&all, options("purity")...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(args); err != nil {
			t.Fatal(err)
		}
		var alone execCLI
		if parser, err = kong.New(&alone, options("purity")...); err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(args); err != nil {
			t.Fatal(err)
		}
		exported := cmp.AllowUnexported(execCmd{}, execCLI{}, cli{}, globals{}, source{})
		if diff := cmp.Diff(all.Exec, alone.Exec, exported); diff != "" {
			t.Errorf("%q alone: %s", args, diff)
		}
		if diff := cmp.Diff(all.globals, alone.globals, exported); diff != "" {
			t.Errorf("%q alone: %s", args, diff)
		}
		if args[1] == "--" {
			if diff := cmp.Diff(&all.Exec, plainExec(args[1:]), exported); diff != "" {
				t.Errorf("%q plain: %s", args, diff)
			}
			_, flags, err := parse("purity", args)
			if diff := cmp.Diff(all.globals, flags, exported); diff != "" || err != nil {
				t.Errorf("%q plain: %v %s", args, err, diff)
			}
		}
	}
}
