package main

import (
	"github.com/nix-purity/purity/cmd/purity/outcome"
	"github.com/nix-purity/purity/cmd/purity/watch"
)

// sayFailed notes, if a confined command failed and purity watched only programs, that denied
// files may be the reason.
func (d ran) sayFailed(a *app, r run) {
	code := d.report.ExitCode
	if code == 0 || a.Quiet || !d.plan.Enforced() || r.watches() != watch.Programs {
		return
	}
	a.Warn(outcome.Files(d.plan, d.of)...)
	said := d.of.Files > 0 || len(d.report.Findings) > 0
	signalled := code < 0 || code >= 128
	typed := r.shim || r.program == nil // the exit code of a shell is that of its last command
	if typed && !said && !signalled && !a.JSON && d.plan.Explain == "" {
		outcome.Note(a.Voice, d.plan, r.command, r.shim)
	}
}
