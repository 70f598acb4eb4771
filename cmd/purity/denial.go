package main

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/nix-purity/purity/cmd/purity/cause"
	"github.com/nix-purity/purity/cmd/purity/report"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/enforce/inspect"
	"github.com/nix-purity/purity/enforce/observe"
)

// outcome is what a watched command came to.
type outcome struct {
	status   syscall.WaitStatus
	failed   bool // it never came to run, and purity said why
	watched  bool // it could be
	unjudged int  // calls that could not be read
	denials  []observe.Denial
	used     map[string]bool // store paths of which a file was opened
	changes  []inspect.Change
}

// report is an outcome with its reasons; what purity.toml excepts apart.
func (p *plan) report(o outcome, command []string) report.Report {
	r := report.Report{
		Version: report.Version, Mode: p.mode(), Command: command, Environment: p.env.Source, Defined: p.definedIn(), Project: p.project.dir,
		ExitCode: exitCode(o.status), Watched: o.watched, Unjudged: o.unjudged, Findings: []report.Finding{},
	}
	p.except(&r, p.unfolded(o.denials))
	p.usage(&r, o.used)
	return r
}

// findings are denials with their reasons, which take a while, where anybody is to
// read them.
func (p *plan) findings(denials []observe.Denial) []report.Finding {
	if p.app.quiet && !p.reporting {
		bare := make([]report.Finding, len(denials))
		for i, d := range denials {
			bare[i].Denial = d
		}
		return bare
	}
	run := cause.Run{Env: p.env, StoreDir: p.nix.StoreDir(), Policy: p.policy, Dir: p.project.cwd, Home: userHome(), Enforced: p.mode() == "enforce", Anywhere: p.missing}
	if p.Network != nil {
		run.Network = *p.Network
	}
	return run.Findings(denials)
}

// userHome is the home directory of the user, without links.
func userHome() string {
	home := os.Getenv("HOME")
	if home == "" {
		return ""
	}
	return real(home)
}

// unfolded are denials of commands, with what those of excepted programs used
// besides: enforced it would be refused, but for what a program needs to be started.
func (p *plan) unfolded(denials []observe.Denial) []observe.Denial {
	own, _ := os.Executable()
	all := slices.DeleteFunc(slices.Clone(denials), func(d observe.Denial) bool {
		return d.By.Program == own && d.Access != "execute" // a purity inside that asks where it is
	})
	for i, d := range all {
		e := p.excepted(d)
		if len(d.Followers) == 0 || e < 0 || p.doubt(p.exceptions()[e]) != "" {
			continue
		}
		with := map[string]bool{}
		for _, g := range host.Dependencies(d.Real) {
			with[real(g.Path)] = true
		}
		for _, follower := range d.Followers {
			if !with[follower.Real] {
				all = append(all, follower)
			}
		}
		all[i].Follow, all[i].Followers = 0, nil
	}
	return all
}

// definedIn is the file that defines the environment, as far as there is one
// here; in the project by its name there.
func (p *plan) definedIn() string {
	file := p.request.File
	if file == "" {
		file = p.request.ClosureFile
	}
	if file == "" || p.storePath(file) != "" { // what Nix made was made by a file of the project
		file = filepath.Join(p.project.dir, "flake.nix")
	}
	if rel, err := filepath.Rel(p.project.dir, file); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return file
}

// say prints what was refused, why, and what to do. What purity itself could not
// start it has said already, but for what runs a script; and what was never used is
// for who asks.
func (p *plan) say(r report.Report) {
	own, _ := os.Executable()
	if p.mode() == "enforce" {
		r.Findings = slices.DeleteFunc(slices.Clone(r.Findings), func(f report.Finding) bool { return f.By.Program == own && f.Script == "" })
	}
	r.Unused = nil
	switch {
	case !r.Watched && !p.wanted: // it was an offer
	case p.app.json:
		if doubt := r.Doubt(); doubt != "" {
			p.app.log.Warn().Msg(doubt)
		}
		for _, f := range r.Findings {
			p.app.log.Warn().Interface("finding", f).Msg("outside the environment: " + f.Subject())
		}
	case p.app.quiet:
	default:
		if err := r.Text(p.app.stderr, style(p.app.stderr)); err != nil {
			p.app.log.Error().Msg(err.Error())
		}
	}
}

// maxChanges is how many changes are named for people. Machines get all.
const maxChanges = 40

// sayChanges names files that programs outside run or obey later.
func (p *plan) sayChanges(changes []inspect.Change) {
	if len(changes) == 0 {
		return
	}
	p.app.log.Warn().Msg("changed files that run or are obeyed later, outside the confinement:")
	for i, c := range changes {
		if i == maxChanges && !p.app.json {
			p.app.log.Warn().Msgf("  and %d more; --log-format=json names all", len(changes)-i)
			break
		}
		p.app.log.Warn().Msgf("  %s (%s): %s", screen.Printable(c.Path), c.What, c.By)
	}
}

func exitCode(status syscall.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}
