package main

import (
	"cmp"

	"github.com/alecthomas/kong"
	"github.com/nix-purity/purity/cmd/purity/complete"
	"github.com/nix-purity/purity/nixeval"
)

// remembered returns the cached environment for the line so far.
func remembered(a *app, l *complete.Line) (nixeval.Environment, bool) {
	given := func(flag string) string {
		values := append([]string{""}, l.Given(flag)...)
		return values[len(values)-1]
	}
	path := func(flag string) string {
		if given(flag) == "" {
			return ""
		}
		return kong.ExpandPath(given(flag))
	}
	ref := given("flake")
	if l.Takes("REF") && len(l.Args) > 0 {
		ref = l.Args[0]
	}
	nix, _, request, err := a.request(cmp.Or(ref, "."), source{
		File: path("file"), Attr: given("attr"), ClosureFile: path("closure-file"), FromEnv: l.Given("from-env") != nil, Project: path("project"),
	})
	if err != nil {
		return nixeval.Environment{}, false
	}
	return nix.Remembered(request)
}
