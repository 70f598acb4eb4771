package main

import (
	"github.com/nix-purity/purity/cmd/purity/outcome"
	"github.com/nix-purity/purity/cmd/purity/watch"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/nixeval"
)

// sayFailed notes, if a confined command failed, that denied files may be the reason: where purity
// watched only programs, and where a view hid files that nobody opened.
func (d ran) sayFailed(a *app, r run) {
	code := d.report.ExitCode
	if code == 0 || a.Quiet || !d.plan.Enforced() {
		return
	}
	said := d.of.Files > 0 || len(d.report.Findings) > 0
	signalled := code < 0 || code > 128 && code <= 128+64 // 128 is git's own, and 255 ssh's
	if d.sayUndriven(a, r) {
		return
	}
	switch r.watches() {
	case watch.Programs:
		a.Warn(outcome.Files(d.plan, d.of)...)
		typed := r.shim || r.program == nil               // the exit code of a shell is that of its last command
		asked := d.plan.Explain != "" && !d.plan.InView() // which hides programs from stat(2), too
		if typed && !said && !signalled && !a.JSON && !asked {
			outcome.Note(a.Voice, d.plan, r.command, r.shim)
		}
	case watch.Files:
		if d.plan.InView() && d.report.Watched && !said && !signalled && !a.JSON {
			outcome.NoteHidden(a.Voice, d.plan, r.command)
		}
	}
}

// sayUndriven says, and reports, that the words of a command ask for Nix, which its environment
// lacks. A shell says only that it found no program.
func (d ran) sayUndriven(a *app, r run) bool {
	code, name := d.report.ExitCode, words.Driver(r.command)
	if code != words.NotFound && code != words.NotExecutable || name == "" || nixeval.Find(name, d.plan.Env.Path()) != "" {
		return false
	}
	a.Log.Warn().Str("hint", words.Undriven(name)).Msgf("%s is not in the environment", name)
	return true
}
