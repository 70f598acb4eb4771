package main

import (
	"fmt"
	"os"

	"github.com/nix-purity/purity/cmd/purity/shell"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"Shell: bash, zsh or fish."`
}

// Help is shown below the flags.
func (completionCmd) Help() string {
	return `In a shell's start-up file: eval "$(purity completion bash)", or zsh in place of bash;
for fish: purity completion fish | source. Packages install them.

They complete commands, flags and their values, dev shells of flakes on this machine,
and the store paths and programs of a project's cached environment.`
}

// Run prints the code with which the shell asks purity.
func (c completionCmd) Run(a *app) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("print completion: %w", err)
	}
	_, err = fmt.Fprint(a.Stdout, shell.Completion(c.Shell, self))
	return err
}
