package main

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/early"
	"github.com/nix-purity/purity/cmd/purity/launch"
	"github.com/nix-purity/purity/cmd/purity/outcome"
	"github.com/nix-purity/purity/cmd/purity/report"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/watch"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/inspect"
	"github.com/nix-purity/purity/enforce/observe"
)

// run is a command to run in the environment of an ask.
type run struct {
	app     *app
	ask     confine.Ask
	from    confine.Source
	command []string
	program launch.Program // nil for the command as typed
	shim    bool           // a shim called purity
	reports reporting
	tells   bool                               // the report includes uses of the closure
	fail    bool                               // purity fails after a denial, even if the command succeeds
	stdout  *os.File                           // of the command, nil for that of purity
	before  func(confine.Found) error          // called before anything runs, nil for none
	trace   func(confine.Found, observe.Event) // shows each use, nil for none
}

// ran is the outcome of a watched run.
type ran struct {
	plan    confine.Plan
	of      watch.Outcome
	report  report.Report
	changes []inspect.Change
	to      reports
}

// start is the one way to run a command. It checks the ask, finds the environment and makes
// the policy. Then purity becomes the command, or stays as the parent and watches a child,
// which comes here again. start returns only on an error, or when a watched command has
// ended.
func (r run) start() (ran, error) {
	child := watch.ByParent() // a child repeats no message of its parent
	warnings, err := r.ask.Check()
	r.warn(warnings)
	var to reports
	if err == nil && !child {
		to, err = r.reports.open(r.app, r.ask.Outside)
	}
	if err != nil {
		return ran{}, err
	}
	found, err := r.from(context.Background(), r.ask)
	if err == nil && !child && r.before != nil {
		err = r.before(found)
	}
	if err == nil && r.wanted() && r.watches() == watch.Off {
		err = words.Hint(errors.New("report the command's uses: nothing watches it"), "leave --explain=off out")
	}
	if err != nil {
		return ran{}, err
	}
	plan, err := r.ask.Plan(found)
	r.warn(plan.Warnings)
	plan.Policy.Grants = append(plan.Policy.Grants, launch.Streams()...)
	switch {
	case err != nil:
		return ran{}, err
	case child || !r.stays():
		return ran{}, r.become(plan)
	}
	return r.watch(plan, to)
}

// warn prints warnings, unless the parent did.
func (r run) warn(warnings []screen.Warning) {
	if !watch.ByParent() {
		r.app.Warn(warnings...)
	}
}

// wanted reports whether a report of the command's uses was asked for.
func (r run) wanted() bool {
	return !r.ask.Enforced() || r.fail || r.tells || r.reports.wanted() || r.trace != nil
}

// watches returns the set of watched calls.
func (r run) watches() string {
	switch s := r.ask.Settings; {
	case !s.Enforced(), r.wanted() && s.Explain == "":
		return watch.Files
	case s.Explain != "":
		return s.Explain
	case os.Getenv("CI") != "" || r.app.TTY:
		return watch.Programs
	}
	return watch.Off
}

// stays reports whether purity stays as the parent, to report denials and changes. That
// needs /proc; without it purity becomes the command, unless a report was asked for.
func (r run) stays() bool {
	if _, err := os.Stat("/proc/self/exe"); err != nil && !r.wanted() {
		r.app.Log.Debug().Err(err).Msg("no process can watch here, so purity explains no denial")
		return false
	}
	return r.watches() != watch.Off || r.changes()
}

// changes reports whether purity names the changed files.
func (r run) changes() bool { return config.Is(r.ask.ReportChanges, os.Getenv("CI") != "") }

// become replaces purity by the command. If a store path of the cached environment was
// collected since, it evaluates again, once.
func (r run) become(plan confine.Plan) error {
	program := r.program
	if program == nil {
		program = launch.Typed(r.command)
	}
	job, err := launch.Place(plan, program)
	if err == nil {
		r.app.Warn(job.Unlinked...)
		watch.Child(&job, r.watches())
		err = replace(r.app, job)
	}
	var missing *enforce.MissingError
	switch {
	case !errors.As(err, &missing) || !plan.Env.Contains(missing.Path):
		return err
	case plan.Renew != "":
		return words.Hint(err, plan.Renew)
	case r.ask.Request.Refresh:
		return err
	}
	r.app.Log.Debug().Str("path", missing.Path).Msg("a store path was collected; evaluating again")
	r.ask.Request.Refresh = true
	anew, err := r.ask.Resolve(context.Background(), r.from)
	if err != nil {
		return err
	}
	news := slices.DeleteFunc(slices.Clone(anew.Warnings), func(w screen.Warning) bool { return slices.Contains(plan.Warnings, w) })
	r.warn(news)
	anew.Policy.Grants = append(anew.Policy.Grants, launch.Streams()...)
	return r.become(anew)
}

// replace replaces this process by a job.
func replace(a *app, j launch.Job) error {
	a.Log.Debug().Str("program", j.Command.Path).Int("grants", len(j.Policy.Grants)).Bool("confined already", j.Command.Confined).Msg("execute")
	return j.Exec(a.Voice)
}

// watch stays as the parent of the command.
func (r run) watch(plan confine.Plan, to reports) (ran, error) {
	a := r.app
	o := outcome.Run{Plan: plan, Command: r.command, Anywhere: r.reports.Absent, Bare: a.Quiet && !r.tells && !r.reports.wanted()}
	w := watch.Run{Args: a.args, Environ: a.Environ, Stdout: r.stdout, Plan: plan, What: r.watches(), Confirm: r.wanted(), Log: a.Log}
	w.Apart, w.Absent = outcome.Apart(r.ask), r.reports.Absent
	if w.Stdout == nil {
		w.Stdout = os.Stdout
	}
	if (r.tells || r.reports.wanted()) && w.What == watch.Files {
		o.Uses = outcome.NewUses(plan)
	}
	if o.Uses != nil || r.trace != nil {
		w.Event = func(e observe.Event) {
			if o.Uses != nil {
				o.Uses.Note(e)
			}
			if r.trace != nil {
				r.trace(plan.Found, e)
			}
		}
	}
	var before inspect.Snapshot
	if r.changes() {
		before = outcome.Snapshot(a.Path, plan.Project.Dir)
	}
	early.Parallel() // many threads of the command may wait for an answer
	of, err := w.Start()
	switch {
	case err != nil:
		return ran{}, err
	case of.Failed:
		return ran{}, &launch.EndedError{Status: of.Status}
	}
	done := ran{plan: plan, of: of, report: o.Report(of), to: to}
	done.report.Overlay = of.Overlay
	if before != nil {
		done.changes = before.Changes(outcome.Snapshot(a.Path, plan.Project.Dir))
	}
	return done, nil
}

// execute runs a command as exec does: purity reports denials when the command has ended,
// and ends in the same way.
func (r run) execute() error {
	a := r.app
	r.before = func(found confine.Found) error {
		a.Warn(r.ask.Dangers(found.Asked)...)
		return nil
	}
	done, err := r.start()
	if err != nil {
		return err
	}
	done.say(a, r.wanted())
	done.sayFailed(a, r)
	outcome.SayChanges(a.Voice, done.changes)
	err = done.to.write(done.report)
	switch {
	case err != nil && done.report.ExitCode == 0:
		return err
	case err != nil: // purity still ends as the command failed
		a.fail(err)
	case r.fail && done.report.ExitCode == 0 && !done.report.Clean():
		return codeError(exitImpure)
	}
	return &launch.EndedError{Status: done.of.Status}
}

// say prints denials, reasons and remedies. It leaves out a command that purity itself could
// not start, which an error has named, except for interpreters of scripts. It also leaves
// out unused packages.
func (d ran) say(a *app, wanted bool) {
	r, own := d.report, caller.Self()
	if d.plan.Enforced() {
		r.Findings = slices.DeleteFunc(slices.Clone(r.Findings), func(f report.Finding) bool { return f.By.Program == own && f.Script == "" })
	}
	r.Unused = nil
	switch {
	case !r.Watched && !wanted: // nobody asked for the report
	case a.JSON:
		if doubt := r.Doubt(); doubt != "" {
			a.Log.Warn().Msg(doubt)
		}
		for _, f := range r.Findings {
			a.Log.Warn().Interface("finding", f).Msg("outside the environment: " + f.Subject())
		}
	case a.Quiet:
	default:
		if err := r.Text(a.Stderr, screen.StyleOf(a.Stderr)); err != nil {
			a.Log.Error().Msg(err.Error())
		}
	}
}
