package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/learn"
	"github.com/nix-purity/purity/cmd/purity/report"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/nixeval"
)

// Exit codes of purity audit.
const (
	exitImpure        = 1 // more was used than is declared, and --fail is given
	exitCommandFailed = 2 // the command itself failed, so there may be more
)

type auditCmd struct {
	Flake string `placeholder:"REF" default:"." help:"Flake whose dev shell is meant, with an optional #attribute."`
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
	w := watching{of: "audit", flake: c.Flake, source: c.source, settings: c.Settings, command: c.Command, said: c.reporting, quiet: c.toStdout()}
	if c.Ratchet != "" {
		w.first = func(p *plan) error { return p.ratchet(c.Ratchet) }
	}
	p, r, err := a.observe(w)
	if err != nil {
		return err
	}
	if !c.toStdout() {
		if err := r.Text(a.Stdout, a.Style()); err != nil {
			return err
		}
	}
	if c.UpdateBaseline {
		if err := p.updateBaseline(r, c.Secret); err != nil {
			return err
		}
	}
	if err := a.commandFailed(r); err != nil {
		return err
	}
	if c.Fail && (len(r.Findings) > c.Max || r.Doubt() != "") || p.grown {
		return codeError(exitImpure)
	}
	return nil
}

// commandFailed is the end of a run that was only to be watched, if the command
// did not come to its own.
func (a *app) commandFailed(r report.Report) error {
	if r.ExitCode == 0 {
		return nil
	}
	a.Log.Warn().Msgf("the command failed with exit code %d, so there may be more", r.ExitCode)
	return codeError(exitCommandFailed)
}

// codeError ends purity with a code; everything has been said.
type codeError int

func (e codeError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// watching is a run that is watched and not confined.
type watching struct {
	of       string // the command of purity
	flake    string
	source   source
	settings config.Settings
	command  []string
	said     reporting
	quiet    bool              // standard output is not for the command
	first    func(*plan) error // done before anything runs
}

// observe runs a command in an environment, watched and not confined, and
// reports. As the watched child it does not return.
func (a *app) observe(w watching) (*plan, report.Report, error) {
	command, err := commandLine(w.command, w.of)
	if err != nil {
		return nil, report.Report{}, err
	}
	w.settings.Mode, w.settings.Explain = "audit", "files"
	p, err := a.prepare(w.flake, w.source, w.settings)
	if err == nil {
		err = a.trusted(p.file, p.flags, p.project)
	}
	if err == nil && p.alreadyConfined() {
		err = fmt.Errorf("%s: this process is confined already, and nobody inside can watch", w.of)
	}
	var to reports
	if err == nil && !watchedByParent() {
		to, err = w.said.open(a, p.outside)
	}
	ctx := context.Background()
	if err == nil {
		err = p.resolve(ctx)
	}
	if err != nil {
		return nil, report.Report{}, err
	}
	p.wanted, p.reporting, p.missing = true, true, w.said.Absent
	if watchedByParent() {
		return nil, report.Report{}, p.run(ctx, func(environ []string, run nixeval.Run) (launch, error) {
			return p.command(command, environ, run)
		})
	}
	if w.first != nil {
		if err := w.first(p); err != nil {
			return nil, report.Report{}, err
		}
	}
	if w.quiet {
		outputApart()
	}
	o, err := p.watch()
	switch {
	case err != nil:
		return nil, report.Report{}, err
	case o.failed:
		return nil, report.Report{}, &endedError{o.status}
	}
	r := p.report(o, command)
	err = to.write(r)
	if err == nil && !o.watched {
		err = words.Hint(fmt.Errorf("%s: this process is watched already, or may not watch, so nothing can be found out", w.of), "run it outside of other sandboxes and of purity")
	}
	return p, r, err
}

// learner knows what is needed to learn from this run.
func (p *plan) learner(secrets []string) learn.Run {
	named := secrets
	for _, path := range secrets {
		named = append(named, enforce.Real(path))
	}
	return learn.Run{Project: p.project.dir, Home: userHome(), Named: named, Executable: p.executable}
}

// sayLeftOut names what nobody is to open unseen, and what no policy can.
func (a *app) sayLeftOut(needs learn.Needs) {
	for _, secret := range needs.Secrets {
		text := secret.Path + " looks like a secret and is left out"
		if secret.Opens != secret.Path {
			text = secret.Path + " would open " + secret.Opens + " and is left out"
		}
		a.Log.Warn().Str("hint", "--secret "+secret.Path).Msg(text)
	}
	for _, address := range needs.Other {
		a.Log.Warn().Msg("no line of purity.toml can be for " + address + " alone, so it is left out")
	}
}

// updateBaseline adds an exception for each finding to the purity.toml that is
// read here.
func (p *plan) updateBaseline(r report.Report, secrets []string) error {
	needs := p.learner(secrets).Needs(r.Findings)
	path := filepath.Join(p.project.dir, config.Name)
	if p.file != nil {
		path = p.file.Path
	}
	file, err := p.openBaseline(path)
	if err != nil {
		return fmt.Errorf("update baseline: %w", err)
	}
	defer file.Close()
	var b bytes.Buffer
	added, err := needs.Exceptions(&b)
	text := b.Bytes()
	if info, statErr := file.Stat(); statErr == nil && info.Size() == 0 {
		text = bytes.TrimPrefix(text, []byte("\n")) // it sets them apart from what is before
	}
	if err == nil {
		_, err = file.Write(text)
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		return fmt.Errorf("update baseline: %w", err)
	}
	p.app.sayLeftOut(needs)
	if added > 0 {
		p.app.Log.Info().Msgf("added %s to %s; fill in why each has to be, then: purity allow", screen.Plural(added, "exception"), path)
	}
	return nil
}

// openBaseline opens a purity.toml to add to it. The command, which ran unconfined, and
// those before it can have put anything there; only a regular file is added to, and no
// link is followed.
func (p *plan) openBaseline(path string) (*os.File, error) {
	path, err := p.outside(path)
	if err != nil {
		return nil, err
	}
	root, err := enforce.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	name := filepath.Base(path)
	if info, err := root.Lstat(name); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	return root.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o644)
}
