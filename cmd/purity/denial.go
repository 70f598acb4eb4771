package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/nix-purity/purity/closure"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/report"
	"github.com/nix-purity/purity/enforce/inspect"
	"github.com/nix-purity/purity/enforce/observe"
)

// outcome is what a watched command came to.
type outcome struct {
	status  syscall.WaitStatus
	watched bool // it could be
	denials []observe.Denial
	// unjudged are calls of which it is not known what they used.
	unjudged int
	used     map[string]bool // store paths of which a file was opened
	changes  []inspect.Change
}

// reporting are the flags of commands that report.
type reporting struct {
	Report       []string `placeholder:"FILE" type:"path" sep:"none" help:"Write a report to a file, in the form that its name asks for: .json, .sarif, .html, else text; can be repeated."`
	ReportFormat string   `enum:"text,json,sarif,github,html," default:"" placeholder:"FORMAT" help:"Form of --report, or without that print the report so on standard output: text, json, sarif, github, html."`
}

// write writes r where the flags say.
func (f reporting) write(a *app, r report.Report) error {
	if len(f.Report) == 0 && f.ReportFormat != "" {
		return r.Write(a.stdout, f.ReportFormat)
	}
	for _, name := range f.Report {
		format := f.ReportFormat
		if format == "" {
			format = report.FormatOf(name)
		}
		file, err := os.Create(name)
		if err != nil {
			return fmt.Errorf("write report: %w", err)
		}
		if err := r.Write(file, format); err != nil {
			file.Close()
			return err
		}
		if err := file.Close(); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	}
	return nil
}

// report is an outcome with its reasons; what purity.toml excepts apart.
func (p *plan) report(o outcome, command []string) report.Report {
	r := report.Report{
		Version: report.Version, Mode: p.mode(), Command: command, Environment: p.env.Source, Project: p.project.dir,
		ExitCode: exitCode(o.status), Findings: []report.Finding{},
	}
	own, _ := os.Executable()
	used := map[int]bool{}
	for _, d := range o.denials {
		if d.By.Program == own { // what purity itself could not start it has said
			continue
		}
		f := p.finding(d)
		if i := p.excepted(f); i >= 0 {
			used[i] = true
			r.Excepted = append(r.Excepted, f)
		} else {
			r.Findings = append(r.Findings, f)
		}
	}
	for i, e := range p.exceptions() {
		if !used[i] && p.mode() != "enforce" {
			r.UnusedExceptions = append(r.UnusedExceptions, e.Origin)
		}
	}
	p.usage(&r, o.used)
	return r
}

func (p *plan) exceptions() []config.Exception {
	if p.file == nil {
		return nil
	}
	return p.file.Exceptions
}

// excepted is the exception that a finding is covered by, -1 if there is none.
func (p *plan) excepted(f report.Finding) int {
	return slices.IndexFunc(p.exceptions(), func(e config.Exception) bool {
		program := filepath.Base(f.By.Program)
		return !e.Expired(time.Now()) && (e.Matches(f.Subject(), f.Access, program) || e.Matches(f.Real, f.Access, program))
	})
}

// usage says which of the closure was used. It takes all files being watched.
func (p *plan) usage(r *report.Report, used map[string]bool) {
	if p.explains() != "files" || used == nil {
		return
	}
	have, err := p.env.Closure()
	if err != nil {
		p.app.log.Debug().Err(err).Msg("what was used is not known")
		return
	}
	for _, n := range have.Nodes {
		r.Paths = append(r.Paths, report.Path{Path: string(n.Path), Size: n.NarSize, Used: used[string(n.Path)]})
	}
	slices.SortFunc(r.Paths, func(a, b report.Path) int { return int(b.Size - a.Size) })
	for _, root := range have.Roots {
		node, _ := have.Node(root)
		for _, path := range node.References {
			if path != root && !used[string(path)] && !strings.HasPrefix(path.Name(), "stdenv") {
				r.Unused = append(r.Unused, report.Unused{Path: string(path), Size: have.ClosureSize(path)})
			}
		}
	}
	slices.SortFunc(r.Unused, func(a, b report.Unused) int { return int(b.Size - a.Size) })
}

// storePath is the store path that a file is in, empty if it is in none.
func (p *plan) storePath(file string) string {
	path, _, err := closure.Within(p.env.StoreDir, file)
	if err != nil {
		return ""
	}
	return string(path)
}

// say prints what was refused, why, and what to do.
func (p *plan) say(r report.Report) {
	switch {
	case p.app.json:
		for _, f := range r.Findings {
			p.app.log.Warn().Interface("finding", f).Msg("outside the environment: " + f.Subject())
		}
	case p.app.quiet:
	default:
		if err := r.Text(p.app.stderr, p.app.color()); err != nil {
			p.app.log.Error().Msg(err.Error())
		}
	}
}

// color reports whether what is written to standard error may have colours
// (https://no-color.org).
func (a *app) color() bool { return a.tty && os.Getenv("NO_COLOR") == "" }

// sayChanges names files that run later.
func (p *plan) sayChanges(changes []inspect.Change) {
	if len(changes) == 0 {
		return
	}
	p.app.log.Warn().Msg("changed files that run later, outside the confinement:")
	for _, c := range changes {
		p.app.log.Warn().Msgf("  %s (%s)", c.Path, c.What)
	}
}

func exitCode(status syscall.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}
