package outcome

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/watch"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
)

// Files are warnings about a command that failed and whose files nobody watched: how many
// the kernel tells of, and which configuration above the project its tools cannot read.
func Files(p confine.Plan, of watch.Outcome) []screen.Warning {
	var all []screen.Warning
	switch {
	case of.Files == 1:
		all = append(all, screen.Warning{Text: "1 file was denied; --explain=files names it"})
	case of.Files > 1:
		all = append(all, screen.Warning{Text: screen.Plural(of.Files, "file") + " were denied; --explain=files names them"})
	}
	for _, up := range Above(p) {
		all = append(all, screen.Warning{
			Text: screen.Printable(up.Path) + " is above the project, and " + up.Program + " looks for it and cannot read it",
			Hint: "in purity.toml:  read = [" + config.Quote(host.Literal(up.Path)) + "]; or --view, in which it is not there",
		})
	}
	return all
}

// To watch files takes time, so programs alone are watched where nobody asked. A person sees
// a bare "Permission denied" then. A line after a command that failed costs nothing.

// Note says that a command failed confined, where purity said nothing else. It names the
// argument that was denied, if one was; else the way to see denied files. Who typed the name
// of a shim may not know that it confines, and has another way out.
func Note(v screen.Voice, p confine.Plan, command []string, shim bool) {
	name := screen.Printable(filepath.Base(command[0]))
	way, out := "--explain=files", ""
	if shim {
		way, out = "PURITY_EXPLAIN=files "+name+" ...", ", or nopurity "+name
	}
	if file := deniedArgument(p, command[1:]); file != "" {
		file = screen.Printable(file)
		v.Log.Warn().Str("hint", "purity explain "+shell.Quote(file)+out).Msgf("%s is confined, and %s is out of its reach", name, file)
		return
	}
	v.Log.Info().Msgf("%s failed, confined; %s says what it was denied, if anything", name, way)
}

// NoteHidden says that a command failed in a view, and opened nothing that the view hides.
// It may have looked with stat(2), which nobody sees; outside a view it goes on to open the
// files, and purity audit names them. It has no overlay of the project.
func NoteHidden(v screen.Voice, p confine.Plan, command []string) {
	name, audit := screen.Printable(filepath.Base(command[0])), "purity audit"
	if p.Overlaid() {
		audit += " --project-as write"
	}
	v.Log.Info().Msgf("%s failed in a view, and opened nothing that would open outside; if it looked for files by stat(2) alone, this names them:  %s -- %s", name, audit, screen.Printable(shell.Join(command...)))
}

// deniedArgument is the first file among arguments that the policy does not let be read, or that a
// view does not show; empty if there is none. Links do not matter: the kernel follows them, too.
func deniedArgument(p confine.Plan, args []string) string {
	const most = 50 // an argument takes a moment
	for _, arg := range args[:min(len(args), most)] {
		_, value, _ := strings.Cut(arg, "=")
		for _, name := range []string{arg, value} {
			path, err := filepath.Abs(name)
			if err != nil || name == "" || strings.HasPrefix(name, "-") {
				continue
			}
			if _, err := os.Stat(path); err == nil && (len(p.Policy.Covering(path, enforce.Read)) == 0 || p.Hides(path)) {
				return name
			}
		}
	}
	return ""
}
