package main

import (
	"cmp"
	"errors"
	"maps"
	"path/filepath"
	"slices"

	"github.com/alecthomas/kong"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/programs"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/cmd/purity/watch"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/nixeval"
)

// request returns the Nix, the project and the request of flags.
func (a *app) request(ref string, s source) (nix nixeval.Nix, p trees.Project, r nixeval.Request, err error) {
	if err := oneSource(ref, s); err != nil {
		return nix, p, r, err
	}
	anchor := "flake.nix"
	if s.File != "" {
		anchor = filepath.Base(s.File)
	}
	if p, err = trees.FindProject(s.Project, anchor); err != nil {
		return nix, p, r, err
	}
	if nix, err = a.nix(); err != nil {
		return nix, p, r, err
	}
	r = nixeval.Request{
		Flake: cmp.Or(ref, "."), File: s.File, Attr: s.Attr, Roots: s.Root, ClosureFile: s.ClosureFile, FromEnv: s.FromEnv, With: s.WithClosure,
		Dir: p.Cwd, Project: p.Dir, Impure: s.Impure, Refresh: s.Refresh,
	}
	for _, input := range slices.Sorted(maps.Keys(s.OverrideInput)) {
		r.Overrides = append(r.Overrides, [2]string{input, s.OverrideInput[input]})
	}
	if s.NoProject {
		p = trees.NoProject(nix, p, r)
		r.Project = p.Dir
	}
	err = p.Check(nix)
	if err != nil && s.ClosureFile != "" { // nobody can pass flags through a wrapper
		err = words.Hint(err, "start it in another directory, or, if it is a wrapper, have its maker say project = false, or --no-project")
	}
	return nix, p, r, err
}

// ask returns the ask of flags, with the source of its environment: the watching parent, or
// Nix.
func (a *app) ask(ref string, s source, flags config.Settings) (confine.Ask, confine.Source, error) {
	nix, project, request, err := a.request(ref, s)
	if err != nil {
		return confine.Ask{}, nil, err
	}
	ask, err := confine.New(a.Voice, nix, project, request, flags, s.Config)
	ask.KeepAll = s.KeepAll
	return ask, confine.From(ask, watch.FromParent(confine.FromNix(a.Voice, false)), a.Environ), err
}

// settingsOfVariables returns the settings of PURITY_ variables, for commands without
// flags. The parser of the command line reads them.
func settingsOfVariables() (config.Settings, error) {
	if !config.FromEnvironment() {
		return config.Settings{}, nil
	}
	var said struct{ config.Settings }
	parser, err := kong.New(&said, options("purity")...)
	if err == nil {
		_, err = parser.Parse(nil)
	}
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		err = errors.New(asGiven(parse))
	}
	return said.Settings, err
}

// trusted returns an error for a file that was not allowed, for commands that run nothing.
func (a *app) trusted(file *config.File, flags config.Settings, p trees.Project) error {
	nix, err := a.nix()
	if err != nil {
		return err
	}
	return confine.Trusted(nix, file, flags, p)
}

// hooks returns the state for hooks and shims.
func (a *app) hooks() programs.Call {
	return programs.Call{Voice: a.Voice, Called: a.Called, Variables: settingsOfVariables}
}
