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
	Program string `arg:"" optional:"" name:"prog" help:"Name or path of a program (default: list the programs that shims confine here)."`
	JSON    bool   `name:"json" help:"Print JSON, for one program."`
}

// Help is shown below the flags.
func (whichCmd) Help() string {
	return `Prints the first program of that name in PATH. If it is a shim, which prints the program
of the environment that it runs confined; else that it is not confined. The hook of the
shell confines a file of the project that it has entered, or of the store, if you run
it by path.
The exit code is 0 if it is confined, 1 if it is not, 127 if there is none.

Without a name, which lists the programs of the dev shell that run confined when you type
them, and those that are your own: programs that come with each dev shell (cat, grep,
tar) and are not declared. shims.add and shims.remove in purity.toml change the lists.`
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

// listShims prints the programs that the shims in PATH confine.
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
