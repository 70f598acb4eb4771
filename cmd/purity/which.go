package main

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/form"
	"github.com/nix-purity/purity/cmd/purity/hook"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/cmd/purity/words"
)

type whichCmd struct {
	Program string `arg:"" optional:"" name:"prog" help:"Name of a program, or its file (default: lists what shims confine here)."`
	JSON    bool   `name:"json" help:"Print JSON, of one program."`
}

// Help is shown below the flags.
func (whichCmd) Help() string {
	return `Says what the first program of that name in PATH is: a shim, and then which
program of the environment it runs confined, or else that it is not confined. A file
of the project that the hook of the shell has entered, or of the store, is confined
where it is typed.
The exit code is 0 if it is confined, 1 if it is not, 127 if there is none.

Without a name it lists the programs of the dev shell that are confined when you type
them, and those that are your own: what comes with each dev shell (cat, grep, tar) and is
not declared. In purity.toml, shims.add and shims.remove say otherwise.`
}

// Run says it.
func (c whichCmd) Run(a *app) error {
	if c.Program == "" && c.JSON {
		return words.Hint(errors.New("print JSON: name a program"), "purity which --json make")
	}
	if c.Program == "" {
		return listShims(a)
	}
	answer, err := hook.Which(a.hooks(), c.Program)
	if err != nil {
		return err
	}
	answer.Version, answer.Name = form.Version, cmp.Or(answer.Name, c.Program)
	if c.JSON {
		err = screen.PrintJSON(a.Stdout, answer)
	} else {
		answer.Print(a.Stdout)
	}
	switch {
	case err != nil || answer.Confined:
		return err
	case answer.File == "":
		return codeError(words.NotFound)
	}
	return codeError(1)
}

// listShims prints what the shims in PATH confine.
func listShims(a *app) error {
	if confine.Inside() {
		screen.Printf(a.Stdout, "all programs are confined here\n")
		return nil
	}
	dir := hook.ShimsIn(a.Path)
	if dir == "" {
		screen.Printf(a.Stdout, "there are no shims in PATH: nothing is confined\n")
		return codeError(1)
	}
	set, err := shim.Read(dir)
	if err != nil {
		return err
	}
	confined := slices.DeleteFunc(shim.Programs(dir), func(name string) bool {
		return slices.Contains(set.Outside, name) || slices.Contains(set.Starters, name)
	})
	for _, part := range []struct {
		what  string
		names []string
	}{
		{"confined in " + set.Request.Project, confined},
		{"confined where they start something of the project", set.Starters},
		{"your own when you type them", set.Own},
	} {
		if len(part.names) > 0 {
			screen.Printf(a.Stdout, "%s, %d:\n  %s\n", part.what, len(part.names), strings.Join(part.names, " "))
		}
	}
	return nil
}
