package main

import (
	"fmt"
	"os"

	"github.com/nix-purity/purity/cmd/purity/complete"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/words"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help is shown below the flags.
func (completionCmd) Help() string {
	return `In a shell's start-up file: eval "$(purity completion bash)", the same for zsh,
or for fish: purity completion fish | source. Packages install them.

They complete commands, flags and their values, dev shells of flakes on this machine,
and of the cached environment of a project its store paths and programs.`
}

// Run prints what has the shell ask purity.
func (c completionCmd) Run(a *app) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("print completion: %w", err)
	}
	_, err = fmt.Fprint(a.Stdout, shell.Completion(c.Shell, self))
	return err
}

// runComplete is purity started by a shell that completes.
func runComplete(args []string) (code int, ok bool) {
	if len(args) < 5 {
		return 0, false
	}
	typed, at := args[3:], shell.Cursor{}
	switch last := len(typed) - 1; args[2] {
	case "bash":
		typed, at = shell.ReadLine(args[4], args[3])
	case "fish": // gives the last word as it is typed
		word, _ := shell.ReadLine(typed[last], "")
		typed[last] = word[len(word)-1]
	}
	if len(typed) < 2 {
		return words.Failure, true
	}
	a := quietApp(args)
	answer := complete.Read(model(), typed[1:]).Answer(completer{a}.sources())
	choices := make([]shell.Choice, len(answer.Candidates))
	for i, c := range answer.Candidates {
		choices[i] = shell.Choice{Word: c.Value, Help: c.Help}
	}
	fmt.Fprint(a.Stdout, shell.Choices(args[2], at, string(answer.Paths), answer.Prefix, choices))
	return 0, true
}
