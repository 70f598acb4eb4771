package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/learn"
	"github.com/nix-purity/purity/cmd/purity/outcome"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/watch"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
)

type auditCmd struct {
	Flake string `placeholder:"REF" help:"Flake of the dev shell, with an optional #attribute (default: the flake here)." xor:"source"`
	source
	config.Settings
	reporting
	Fail           bool     `help:"Exit with 1 if the command used anything outside the environment, or purity could not see everything."`
	Max            int      `placeholder:"N" help:"Number of findings that --fail lets pass."`
	UpdateBaseline bool     `help:"Add the findings to purity.toml, as exceptions whose reasons you fill in."`
	Secret         []string `placeholder:"PATH" type:"path" sep:"none" help:"Make an exception for a path although it looks like a secret; can be repeated."`
	Ratchet        string   `placeholder:"REVISION" type:"revision" help:"Exit with 1 if purity.toml has more exceptions than at a revision of git (default: HEAD)."`
	Command        []string `arg:"" passthrough:"" name:"command" help:"Command and its arguments, after -- if they look like flags of purity."`
}

// Help is shown below the flags.
func (auditCmd) Help() string {
	return `The command gets the environment of the dev shell, unconfined. One run finds every file,
program and address that it uses from outside, with reasons and remedies, and the
declared packages that it never used. purity leaves out exceptions of purity.toml.

The exit code is 0; 1 with --fail and a finding; 2 if the command itself failed. If a
report in another form than text goes to standard output, the command prints on
standard error.`
}

// Run watches the command and reports.
func (c *auditCmd) Run(a *app) error {
	r, err := watching(a, "audit", c.Flake, c.source, c.Settings, c.Command)
	if err != nil {
		return err
	}
	r.reports = c.reporting
	if c.toStdout() {
		r.stdout = os.Stderr
	}
	grown := ""
	if c.Ratchet != "" {
		r.before = func(confine.Found) error {
			grown, err = outcome.Ratchet(r.ask, c.Ratchet)
			if grown != "" {
				a.Log.Error().Msg(grown)
			}
			return err
		}
	}
	done, err := r.observe("audit")
	if err != nil {
		return err
	}
	if !c.toStdout() {
		if err := done.report.Text(a.Stdout, a.Style()); err != nil {
			return err
		}
	}
	if c.UpdateBaseline {
		if err := done.updateBaseline(a, c.Secret); err != nil {
			return err
		}
	}
	if err := done.commandFailed(a); err != nil {
		return err
	}
	if c.Fail && (len(done.report.Findings) > c.Max || done.report.Doubt() != "") || grown != "" {
		return codeError(exitImpure)
	}
	return nil
}

// commandFailed returns an error for a watched command that failed, and so may not
// have used everything.
func (d ran) commandFailed(a *app) error {
	if d.report.ExitCode == 0 {
		return nil
	}
	a.Log.Warn().Msgf("the command failed with exit code %d, so there may be more", d.report.ExitCode)
	return codeError(exitCommandFailed)
}

// watching returns the run of a command that purity watches and does not confine.
func watching(a *app, of, flake string, from source, flags config.Settings, typed []string) (run, error) {
	command, err := commandLine(a.args, typed, of)
	if err != nil {
		return run{}, err
	}
	flags.Mode, flags.Explain = "audit", watch.Files
	ask, environment, err := a.ask(flake, from, flags)
	if err == nil && ask.Active() {
		err = fmt.Errorf("%s: this process is confined, and no process inside can watch", of)
	}
	return run{app: a, ask: ask, from: environment, command: command, tells: true}, err
}

// observe runs and watches the command. In the watched child it does not return.
func (r run) observe(of string) (ran, error) {
	r.warn(confine.Foreign(r.ask))
	done, err := r.start()
	if err != nil {
		return done, err
	}
	err = done.to.write(done.report)
	if err == nil && !done.of.Watched {
		err = words.Hint(fmt.Errorf("%s: this process is watched already, or may not watch, so nothing can be found out", of), "run it outside of other sandboxes and of purity")
	}
	return done, err
}

// learner returns the data for learning from this run.
func (d ran) learner(secrets []string) learn.Run {
	named := secrets
	for _, path := range secrets {
		named = append(named, enforce.Real(path))
	}
	return learn.Run{Project: d.plan.Project.Dir, Home: outcome.UserHome(), Named: named, Executable: d.plan.Executable, Guarded: d.plan.Guarded}
}

// sayLeftOut warns of needs that purity leaves out: paths that look like secrets, and needs
// that no line of purity.toml can grant alone.
func sayLeftOut(a *app, needs learn.Needs) {
	for _, secret := range needs.Secrets {
		text := secret.Path + " looks like a secret and is left out"
		if secret.Opens != secret.Path {
			text = secret.Path + " would open " + secret.Opens + " and is left out"
		}
		a.Log.Warn().Str("hint", "--secret "+secret.Path).Msg(text)
	}
	if len(needs.Calls) > 0 {
		a.Log.Warn().Str("hint", "seccomp = false, which allows all other calls, too").Msg("the system call filter denies " + strings.Join(needs.Calls, ", ") + "; purity.toml leaves them out")
	}
	for _, address := range needs.Other {
		a.Log.Warn().Msg("no line of purity.toml can be for " + address + " alone, so it is left out")
	}
}

// updateBaseline adds an exception for each finding to the purity.toml of this run.
func (d ran) updateBaseline(a *app, secrets []string) error {
	needs := d.learner(secrets).Needs(d.report.Findings)
	path := filepath.Join(d.plan.Project.Dir, config.Name)
	if d.plan.File != nil {
		path = d.plan.File.Path
	}
	added, err := needs.Baseline(path, d.plan.Outside)
	if err != nil {
		return err
	}
	sayLeftOut(a, needs)
	if added > 0 {
		a.Log.Info().Msgf("added %s to %s; fill in why each has to be, then: purity allow", screen.Plural(added, "exception"), path)
	}
	return nil
}
