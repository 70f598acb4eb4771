package main

import (
	"cmp"
	"errors"

	"github.com/nix-purity/purity/cmd/purity/form"
	"github.com/nix-purity/purity/cmd/purity/hook"
	"github.com/nix-purity/purity/cmd/purity/screen"
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

// Run prints the answer.
func (c whichCmd) Run(a *app) error {
	if c.Program == "" && c.JSON {
		return words.Hint(errors.New("print JSON: name a program"), "purity which --json make")
	}
	if c.Program == "" {
		confined, err := hook.List(a.hooks())
		if err == nil && !confined {
			err = codeError(1)
		}
		return err
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
