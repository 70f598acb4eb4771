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
	Flake string `placeholder:"REF" help:"Flake whose dev shell is meant, with an optional #attribute (default: the flake here)." xor:"source"`
	source
	config.Settings
	Output  string   `placeholder:"FILE" type:"path" help:"Write to a file; standard output is then the command's. Else that goes to standard error."`
	Secret  []string `placeholder:"PATH" type:"path" sep:"none" help:"Let a path be among what is written although it looks like a secret; can be repeated."`
	Exact   bool     `help:"Name each file. Without it a directory stands for files in it, where a person would grant that: /usr/include for headers."`
	Command []string `arg:"" passthrough:"" name:"command" help:"The command and its arguments, after -- where it could be taken for a flag of purity."`
}

// Help is shown below the flags.
func (learnCmd) Help() string {
	return `The command is watched, not confined, as by purity audit. Purity prints a
purity.toml under which the command passes, with the program that needed each line:
a beginning for those who cannot declare everything yet. A directory stands for its
files where a person would grant it, so that the next header passes, too; --exact
names each file. Nothing in it opens a secret (keys, tokens, browser profiles) unless
you name that with --secret.

  purity learn -- make > purity.toml

What the command itself prints goes to standard error then, and to standard output
with --output. What a purity.toml that is there says already is not repeated.`
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

// spare refuses to write over the settings that the run has been made with.
func (c *learnCmd) spare(ask confine.Ask) error {
	if ask.File == nil || enforce.Real(c.Output) != enforce.Real(ask.File.Path) || ask.File.Empty() {
		return nil
	}
	return words.Hint(fmt.Errorf("write policy: %s is in use, and what it says would be lost", c.Output), "write it to another file, and take over what you want")
}

// text is a purity.toml with what the flags said and what was needed besides.
func (c *learnCmd) text(done ran, needs learn.Needs) ([]byte, error) {
	p := done.plan
	said, network := c.Settings, config.Network{Any: p.Base.Network}
	if p.Network != nil {
		network = *p.Network
	}
	said.Mode, said.Explain, said.ReportChanges = "", "", nil
	beyond := ""
	if p.File != nil && !p.File.Empty() {
		beyond = p.File.Path
	}
	return needs.TOML(done.report, beyond, said, network)
}
