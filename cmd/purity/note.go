package main

import (
	"github.com/nix-purity/purity/cmd/purity/outcome"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/shell"
)

// To watch files takes time, so a shim watches programs alone. Who typed its name may not
// know that it confines, and sees a bare "Permission denied". A line after a command that
// failed costs nothing.

// note says that the command of a shim failed confined, where nothing else was said. It
// names the argument that was denied, if one was; else how to see the files that were.
func (d ran) note(a *app, command []string) {
	r := d.report
	failed := r.ExitCode > 0 && r.ExitCode < 128 // and was not ended by a signal
	if !failed || !a.TTY || a.Quiet || a.JSON || !d.plan.Enforced() || d.plan.Explain != "" || len(r.Findings) > 0 {
		return
	}
	name := screen.Printable(command[0])
	if file := outcome.DeniedArgument(d.plan, command[1:]); file != "" {
		file = screen.Printable(file)
		a.Log.Warn().Str("hint", "purity explain "+shell.Quote(file)+", or nopurity "+name).Msgf("%s is confined, and %s is out of its reach", name, file)
		return
	}
	a.Log.Info().Msgf("%s failed, confined; PURITY_EXPLAIN=files %s ... says which files it was denied, if any", name, name)
}
