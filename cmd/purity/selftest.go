package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/nix-purity/purity/cmd/purity/form"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/show"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce/selftest"
)

type selftestCmd struct {
	Group string `arg:"" optional:"" enum:"all,inside,across" default:"all" help:"Group of attacks: inside a confinement, across runs, or all (default: all)."`
	Needs string `placeholder:"PROGRAM" enum:",git,nix,bash,zsh,fish,direnv" default:"" help:"Across runs, make only the attacks on this program: git, nix, bash, zsh, fish or direnv."`
	JSON  bool   `name:"json" help:"Print JSON."`
	All   bool   `help:"Print stopped attacks, too."`
}

// Help is shown below the flags.
func (selftestCmd) Help() string {
	return `Attacks this machine from inside two confinements, level dev and level nix, in a world
made for it: files, links, other processes, descriptors, sockets, networks, kernel
interfaces, mounts, keys, IPC, the terminal, metadata and, for root, privileges. Each
denial stands beside a twin that must work. Each open attack is printed with a setting
that would stop it, or the reason why it is open by design.
Then, across runs: a confined command leaves files behind in projects made for it,
purity runs outside, and selftest looks for effects. It attacks git, Nix, bash, zsh, fish
and direnv, if the machine has them.
It changes nothing. The attacks from inside take seconds, those across runs some seconds
to some minutes; purity selftest inside leaves these out.

The exit code is 1 if an attack has another outcome than this version of purity expects
of this kernel.`
}

// errWrong ends a selftest that has printed each fault already.
var errWrong = fmt.Errorf("the selftest came out otherwise: %w", errSick)

// Run attacks, and shows the outcome.
func (c selftestCmd) Run(a *app) error {
	if c.Group == "inside" && c.Needs != "" {
		return words.Hint(errors.New("make the attacks inside on a program: --needs is for those across runs"), "purity selftest across --needs "+c.Needs)
	}
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

// acrossRuns attacks this program with files that a command leaves behind.
func acrossRuns(program string) (selftest.Report, error) {
	self, err := os.Executable()
	if err != nil {
		return selftest.Report{}, fmt.Errorf("attack across runs: %w", err)
	}
	return selftest.Across(self, program)
}
