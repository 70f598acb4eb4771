package main

import (
	"github.com/nix-purity/purity/cmd/purity/outcome"
	"github.com/nix-purity/purity/cmd/purity/watch"
)

// sayFailed says of a confined command that failed, where files are not explained, that
// denied files may be the reason.
func (d ran) sayFailed(a *app, r run) {
	code := d.report.ExitCode
	if code == 0 || a.Quiet || !d.plan.Enforced() {
		return
	}
	if r.watches() == watch.Programs {
		a.Warn(outcome.Files(d.plan, d.of)...)
	}
	signalled := code < 0 || code >= 128
	if r.shim && !signalled && a.TTY && !a.JSON && d.plan.Explain == "" && len(d.report.Findings) == 0 {
		outcome.Note(a.Voice, d.plan, r.command)
	}
}
