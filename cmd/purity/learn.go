package main

import (
	"fmt"
	"os"

	"github.com/google/renameio/v2"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/learn"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
)

type learnCmd struct {
	Flake string `placeholder:"REF" help:"Flake of the dev shell, with an optional #attribute (default: the flake here)." xor:"source"`
	source
	config.Settings
	Output  string   `placeholder:"FILE" type:"path" help:"Write to a file, and leave standard output to the command. Without --output, the command prints on standard error."`
	Secret  []string `placeholder:"PATH" type:"path" sep:"none" help:"Include a path although it looks like a secret; can be repeated."`
	Exact   bool     `help:"Name each file. Without --exact, a directory such as /usr/include stands for its files where a person would grant it."`
	Command []string `arg:"" passthrough:"" name:"command" help:"Command and its arguments, after -- if they look like flags of purity."`
}

// Help is shown below the flags.
func (learnCmd) Help() string {
	return `purity watches the command without confining it, as purity audit does. It prints the
purity.toml under which this command would have passed, with the program that needed
each line. Start with that if you cannot declare everything yet. A directory stands for
its files where a person would grant it, so that the next header passes, too; --exact
names each file. No line opens a secret (keys, tokens, browser profiles) unless you name
it with --secret.

  purity learn -- make > purity.toml

The command prints on standard error then, and on standard output with --output.
learn does not repeat grants of an existing purity.toml.`
}

// Run watches and prints the policy.
func (c *learnCmd) Run(a *app) error {
	if c.Output == "-" {
		c.Output = ""
	}
	r, err := watching(a, "learn", c.Flake, c.source, c.Settings, c.Command)
	if err != nil {
		return err
	}
	if c.Output == "" {
		r.stdout = os.Stderr
	}
	r.before = func(confine.Found) error { return c.spare(r.ask) }
	done, err := r.observe("learn")
	if err != nil {
		return err
	}
	learner := done.learner(c.Secret)
	learner.Exact = c.Exact
	needs := learner.Needs(done.report.Findings)
	text, err := c.text(done, needs)
	if err != nil {
		return err
	}
	if c.Output == "" {
		_, err = a.Stdout.Write(text)
	} else {
		var name string
		if name, err = r.ask.Outside(c.Output); err == nil {
			err = renameio.WriteFile(name, text, 0o644)
		}
	}
	if err != nil {
		return fmt.Errorf("write policy: %w", err)
	}
	sayLeftOut(a, needs)
	if doubt := done.report.Doubt(); doubt != "" {
		a.Log.Warn().Msg(doubt)
	}
	return done.commandFailed(a)
}

// spare returns an error if the output would overwrite the settings of this run.
func (c *learnCmd) spare(ask confine.Ask) error {
	if ask.File == nil || enforce.Real(c.Output) != enforce.Real(ask.File.Path) || ask.File.Empty() {
		return nil
	}
	return words.Hint(fmt.Errorf("write policy: %s is in use, and writing would lose its settings", c.Output), "write to another file, and copy the lines you want")
}

// text returns a purity.toml with the settings of the flags and the other needs of the run.
func (c *learnCmd) text(done ran, needs learn.Needs) ([]byte, error) {
	p := done.plan
	said, network := c.Settings, config.Network{Any: p.Base.Network}
	if p.Network != nil {
		network = *p.Network
	}
	said.Mode, said.Explain, said.ReportChanges, said.ProjectAs = "", "", nil, "" // learn has no overlay
	beyond := ""
	if p.File != nil && !p.File.Empty() {
		beyond = p.File.Path
	}
	return needs.TOML(done.report, beyond, said, network)
}
