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

// To watch files takes time, so a shim watches programs alone. A person who typed its name
// may not know that it confines, and sees a bare "Permission denied". A line after a command
// that failed costs nothing.

// Note says that the command of a shim failed confined, where purity said nothing else. It
// names the argument that was denied, if one was; else the way to see denied files.
func Note(v screen.Voice, p confine.Plan, command []string) {
	name := screen.Printable(command[0])
	if file := deniedArgument(p, command[1:]); file != "" {
		file = screen.Printable(file)
		v.Log.Warn().Str("hint", "purity explain "+shell.Quote(file)+", or nopurity "+name).Msgf("%s is confined, and %s is out of its reach", name, file)
		return
	}
	v.Log.Info().Msgf("%s failed, confined; PURITY_EXPLAIN=files %s ... says which files it was denied, if any", name, name)
}

// deniedArgument is the first file among arguments that the policy does not let be read, empty if
// there is none. Links do not matter: the kernel follows them, too.
func deniedArgument(p confine.Plan, args []string) string {
	const most = 50 // an argument takes a moment
	for _, arg := range args[:min(len(args), most)] {
		_, value, _ := strings.Cut(arg, "=")
		for _, name := range []string{arg, value} {
			path, err := filepath.Abs(name)
			if err != nil || name == "" || strings.HasPrefix(name, "-") {
				continue
			}
			if _, err := os.Stat(path); err == nil && len(p.Policy.Covering(path, enforce.Read)) == 0 {
				return name
			}
		}
	}
	return ""
}
