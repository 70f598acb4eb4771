package main

import (
	"github.com/nix-purity/purity/cmd/purity/outcome"
	"github.com/nix-purity/purity/cmd/purity/watch"
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
	switch r.watches() {
	case watch.Programs:
		a.Warn(outcome.Files(d.plan, d.of)...)
		typed := r.shim || r.program == nil // the exit code of a shell is that of its last command
		if typed && !said && !signalled && !a.JSON && d.plan.Explain == "" {
			outcome.Note(a.Voice, d.plan, r.command, r.shim)
		}
	case watch.Files:
		if d.plan.InView() && d.report.Watched && !said && !signalled && !a.JSON {
			outcome.NoteHidden(a.Voice, d.plan, r.command)
		}
	}
}
