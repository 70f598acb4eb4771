// Package outcome is the outcome of a run: denials with their reasons, those that purity.toml
// excepts apart, and the used paths of the closure.
package outcome

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/nix-purity/purity/cmd/purity/cause"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/report"
	"github.com/nix-purity/purity/cmd/purity/watch"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/enforce/observe"
)

// Run is a command that was watched.
type Run struct {
	confine.Plan
	Command  []string
	Bare     bool  // nobody reads reasons, which take a while
	Anywhere bool  // the words must not depend on this machine
	Uses     *Uses // of store paths, nil if nobody is told
}

// Report is an outcome with its reasons; exceptions of purity.toml stand apart.
func (o Run) Report(of watch.Outcome) report.Report {
	r := report.Report{
		Version: report.Version, Mode: o.Mode, Command: o.Command, Environment: o.Env.Source, Defined: o.definedIn(), Project: o.Project.Dir,
		ExitCode: of.ExitCode(), Watched: of.Watched, Unjudged: of.Unjudged, Findings: []report.Finding{},
	}
	o.except(&r, o.unfolded(of.Denials))
	if o.Uses != nil && of.Watched {
		o.Uses.report(&r)
	}
	return r
}

// findings are denials with their reasons.
func (o Run) findings(denials []observe.Denial) []report.Finding {
	if o.Bare {
		bare := make([]report.Finding, len(denials))
		for i, d := range denials {
			bare[i].Denial = d
		}
		return bare
	}
	run := cause.Run{Env: o.Env, StoreDir: o.Nix.StoreDir(), Policy: o.Policy, Dir: o.Project.Cwd, Home: UserHome(), Enforced: o.Enforced(), Anywhere: o.Anywhere, Guarded: o.Guarded}
	if o.Network != nil {
		run.Network = *o.Network
	}
	return run.Findings(denials)
}

// UserHome is the home directory of the user, without links.
func UserHome() string {
	home := os.Getenv("HOME")
	if home == "" {
		return ""
	}
	return enforce.Real(home)
}

// unfolded are denials of commands, with the uses of excepted programs
// besides: enforced these would be denied, but for files that start a program.
func (o Run) unfolded(denials []observe.Denial) []observe.Denial {
	own, _ := os.Executable()
	all := slices.DeleteFunc(slices.Clone(denials), func(d observe.Denial) bool {
		return d.By.Program == own && d.Access != "execute" // a purity inside that asks where it is
	})
	for i, d := range all {
		e := o.excepted(d)
		if len(d.Followers) == 0 || e < 0 || o.doubt(o.Exceptions()[e]) != "" {
			continue
		}
		with := map[string]bool{}
		for _, g := range host.Dependencies(d.Real) {
			with[enforce.Real(g.Path)] = true
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
func (o Run) definedIn() string {
	file := o.Request.File
	if file == "" {
		file = o.Request.ClosureFile
	}
	if file == "" || o.StorePath(file) != "" { // a file of Nix comes from one of the project
		file = filepath.Join(o.Project.Dir, "flake.nix")
	}
	if rel, err := filepath.Rel(o.Project.Dir, file); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return file
}
