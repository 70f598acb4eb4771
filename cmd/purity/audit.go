package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/report"
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
	Fail           bool     `help:"Exit with 1 if anything outside the environment was used."`
	Max            int      `placeholder:"N" help:"With --fail, let that many pass."`
	UpdateBaseline bool     `help:"Add what was found to purity.toml, as exceptions whose reasons are yours to fill in."`
	Ratchet        bool     `help:"An exception that nothing needed is a failure too, so that their number only falls."`
	Command        []string `arg:"" passthrough:"" name:"command" help:"The command and its arguments, after -- where it could be taken for a flag of purity."`
}

// Help is shown below the flags.
func (auditCmd) Help() string {
	return `The command gets the environment of the dev shell but is not confined: all that
it uses outside is found in one run, with reasons and remedies, and what of the
environment it never used. Exceptions in purity.toml are left out.

The exit code is 0; 1 with --fail where something was found; 2 where the command
itself failed.`
}

// Run watches the command and reports.
func (c *auditCmd) Run(a *app) error {
	r, err := a.observe(c.Flake, c.source, c.Settings, c.Command, "audit")
	if err != nil {
		return err
	}
	if c.ReportFormat == "" || len(c.Report) > 0 {
		if err := r.Text(a.stdout, a.stdoutColor()); err != nil {
			return err
		}
	}
	if err := c.write(a, r); err != nil {
		return err
	}
	if c.UpdateBaseline {
		if err := a.updateBaseline(r); err != nil {
			return err
		}
	}
	switch {
	case r.ExitCode != 0:
		a.log.Warn().Msgf("the command failed with exit code %d, so there may be more", r.ExitCode)
		return codeError(exitCommandFailed)
	case c.Fail && len(r.Findings) > c.Max, c.Ratchet && len(r.UnusedExceptions) > 0:
		return codeError(exitImpure)
	}
	return nil
}

// codeError ends purity with a code; everything has been said.
type codeError int

func (e codeError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// observe runs a command in an environment, watched and not confined, and
// reports. As the watched child it does not return.
func (a *app) observe(flake string, s source, settings config.Settings, given []string, of string) (report.Report, error) {
	command, err := commandLine(given, of)
	if err != nil {
		return report.Report{}, err
	}
	settings.Mode = "audit"
	p, err := a.prepare(flake, s, settings)
	if err != nil {
		return report.Report{}, err
	}
	if err := trusted(p.file); err != nil {
		return report.Report{}, err
	}
	ctx := context.Background()
	if err := p.resolve(ctx); err != nil {
		return report.Report{}, err
	}
	if watchedByParent() {
		return report.Report{}, p.run(ctx, func(environ []string, run nixeval.Run) (launch, error) {
			return p.command(command, environ, run)
		})
	}
	o, err := p.watch()
	if err != nil {
		return report.Report{}, err
	}
	if !o.watched && exitCode(o.status) != exitFailure {
		return report.Report{}, &hintedError{errors.New("audit: this process is watched already, or may not watch, so nothing can be found out"), "run it outside of other sandboxes and of purity"}
	}
	return p.report(o, command), nil
}

// updateBaseline adds an exception for each finding to the purity.toml of the
// project.
func (a *app) updateBaseline(r report.Report) error {
	if len(r.Findings) == 0 {
		return nil
	}
	path := filepath.Join(r.Project, config.Name)
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("update baseline: %w", err)
	}
	defer file.Close()
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "\n[[exception]]\npath = %q\naccess = %q\nreason = \"\"  # %s by %s\n", f.Subject(), f.Access, f.Why, filepath.Base(f.By.Program))
	}
	if _, err := file.WriteString(b.String()); err != nil {
		return fmt.Errorf("update baseline: %w", err)
	}
	a.log.Info().Msgf("added %d exceptions to %s; fill in why each has to be, then: purity allow", len(r.Findings), path)
	return file.Close()
}
