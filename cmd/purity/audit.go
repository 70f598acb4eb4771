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
	Flake string `placeholder:"REF" help:"Flake whose dev shell is meant, with an optional #attribute (default: the flake here)." xor:"source"`
	source
	config.Settings
	reporting
	Fail           bool     `help:"Exit with 1 if anything outside the environment was used, or not all could be seen."`
	Max            int      `placeholder:"N" help:"With --fail, let that many pass."`
	UpdateBaseline bool     `help:"Add what was found to purity.toml, as exceptions whose reasons are yours to fill in."`
	Secret         []string `placeholder:"PATH" type:"path" sep:"none" help:"Let a path be among them although it looks like a secret; can be repeated."`
	Ratchet        string   `placeholder:"REVISION" type:"revision" help:"Exit with 1 if purity.toml has more exceptions than in a revision of git (HEAD), so that their number only falls."`
	Command        []string `arg:"" passthrough:"" name:"command" help:"The command and its arguments, after -- where it could be taken for a flag of purity."`
}

// Help is shown below the flags.
func (auditCmd) Help() string {
	return `The command gets the environment of the dev shell but is not confined: all that
it uses outside is found in one run, with reasons and remedies, and what of the
environment it never used. Exceptions in purity.toml are left out.

The exit code is 0; 1 with --fail where something was found; 2 where the command
itself failed. Where a report goes to standard output in another form than text,
what the command prints goes to standard error.`
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

// commandFailed is the end of a run that was only to be watched, if the command
// did not come to its own.
func (d ran) commandFailed(a *app) error {
	if d.report.ExitCode == 0 {
		return nil
	}
	a.Log.Warn().Msgf("the command failed with exit code %d, so there may be more", d.report.ExitCode)
	return codeError(exitCommandFailed)
}

// watching is a run of a command of purity that watches and does not confine.
func watching(a *app, of, flake string, from source, flags config.Settings, typed []string) (run, error) {
	command, err := commandLine(a.args, typed, of)
	if err != nil {
		return run{}, err
	}
	flags.Mode, flags.Explain = "audit", watch.Files
	ask, environment, err := a.ask(flake, from, flags)
	if err == nil && ask.Active() {
		err = fmt.Errorf("%s: this process is confined already, and nobody inside can watch", of)
	}
	return run{app: a, ask: ask, from: environment, command: command, tells: true}, err
}

// observe is such a run. As the watched child it does not return.
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

// learner knows what is needed to learn from this run.
func (d ran) learner(secrets []string) learn.Run {
	named := secrets
	for _, path := range secrets {
		named = append(named, enforce.Real(path))
	}
	return learn.Run{Project: d.plan.Project.Dir, Home: outcome.UserHome(), Named: named, Executable: d.plan.Executable}
}

// sayLeftOut names what nobody is to open unseen, and what no policy can.
func sayLeftOut(a *app, needs learn.Needs) {
	for _, secret := range needs.Secrets {
		text := secret.Path + " looks like a secret and is left out"
		if secret.Opens != secret.Path {
			text = secret.Path + " would open " + secret.Opens + " and is left out"
		}
		a.Log.Warn().Str("hint", "--secret "+secret.Path).Msg(text)
	}
	if len(needs.Calls) > 0 {
		a.Log.Warn().Str("hint", "seccomp = false, which opens all else that it refuses, too").Msg("the system call filter refuses " + strings.Join(needs.Calls, ", ") + "; what lets them be is left out")
	}
	for _, address := range needs.Other {
		a.Log.Warn().Msg("no line of purity.toml can be for " + address + " alone, so it is left out")
	}
}

// updateBaseline adds an exception for each finding to the purity.toml that is
// read here.
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
