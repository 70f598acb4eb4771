package main

import (
	"fmt"
	"os"

	"github.com/nix-purity/purity/cmd/purity/form"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/show"
	"github.com/nix-purity/purity/enforce/selftest"
)

type selftestCmd struct {
	Group string `arg:"" optional:"" enum:"all,inside,across" default:"all" help:"What to attack: inside a confinement, across runs, or all (default)."`
	Needs string `placeholder:"PROGRAM" help:"Across runs, only what attacks this program: git, nix, bash, zsh, fish or direnv."`
	JSON  bool   `name:"json" help:"Print JSON."`
	All   bool   `help:"Show what is stopped as well."`
}

// Help is shown below the flags.
func (selftestCmd) Help() string {
	return `Attacks this machine from inside two confinements, level dev (the default) and
level nix, in a world made for it: files, links, other processes, descriptors,
sockets, networks, kernel interfaces, mounts, keys, IPC, the terminal, metadata
and, for root, privileges. Each denial stands beside something like it that must
work. What is open is shown with what would stop it, or why it is so by design.
Then, across runs: a confined command leaves things behind in projects made for
it, purity runs outside, and what came of that is looked at. Where the machine has git,
Nix, bash, zsh, fish and direnv, these are what is attacked.
It changes nothing. Attacking from inside takes seconds, across runs some seconds to
some minutes, by how fast the machine is; purity selftest inside leaves that out.

The exit code is 1 if something came out otherwise than this version of purity
says for this kernel.`
}

// errWrong has been said already, line by line.
var errWrong = fmt.Errorf("the selftest came out otherwise: %w", errSick)

// Run attacks, and shows what came of it.
func (c selftestCmd) Run(a *app) error {
	var reports []selftest.Report
	if c.Group != "across" {
		inside, err := selftest.Run()
		if err != nil {
			return err
		}
		reports = inside
	}
	if c.Group != "inside" {
		across, err := acrossRuns(c.Needs)
		if err != nil {
			return err
		}
		reports = append(reports, across)
	}
	if c.JSON {
		if err := screen.PrintJSON(a.Stdout, selftestJSON{form.Version, reports}); err != nil {
			return err
		}
	} else if err := show.Selftest(a.Stdout, reports, c.All); err != nil {
		return err
	}
	for _, r := range reports {
		for _, result := range r.Results {
			if result.Wrong() {
				return errWrong
			}
		}
	}
	return nil
}

// acrossRuns has this program attacked by what a command leaves behind.
func acrossRuns(program string) (selftest.Report, error) {
	self, err := os.Executable()
	if err != nil {
		return selftest.Report{}, fmt.Errorf("attack across runs: %w", err)
	}
	return selftest.Across(self, program)
}
