package main

import (
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/outcome"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/watch"
	"github.com/nix-purity/purity/enforce/host"
)

// sayFiles says of a confined command that failed, where files are not explained, that
// they may be why: how many the kernel tells of, and which configuration above the project
// its tools cannot read.
func (d ran) sayFiles(a *app, watches string) {
	if watches != watch.Programs || !d.plan.Enforced() || d.report.ExitCode == 0 || a.Quiet {
		return
	}
	if d.of.Files > 0 {
		were := " were denied; --explain=files names them"
		if d.of.Files == 1 {
			were = " was denied; --explain=files names it"
		}
		a.Log.Warn().Msg(screen.Plural(d.of.Files, "file") + were)
	}
	for _, up := range outcome.Above(d.plan) {
		a.Log.Warn().Str("hint", "in purity.toml:  read = ["+config.Quote(host.Literal(up.Path))+"]; or --view, in which it is not there").
			Msg(screen.Printable(up.Path) + " is above the project, and " + up.Program + " looks for it and cannot read it")
	}
}
