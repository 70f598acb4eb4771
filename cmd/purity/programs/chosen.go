package programs

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/nix-purity/purity/cmd/purity/allow"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/nixeval"
)

// A user who types `cat ~/notes` in a project means their own cat, not the one that comes
// with every dev shell. So shims confine the programs that a dev shell declares, and those
// that build. Of the others the user's own runs when typed; a program that a shim started
// calls the dev shell's, confined.

// builders build, although they can come with every dev shell: the programs that they start
// are those of the build.
var builders = strings.Fields("make gmake ninja cmake ctest meson bazel scons cc c++ c89 c99 cpp gcc g++ clang clang++ ld ld.bfd ld.gold ld.lld mold as ar nm ranlib strip pkg-config patchelf")

// shells run scripts and commands of the build, and people type in them. starters start
// one program, which is often typed by its path: nohup ./run. Of interpreters, the letters
// of flags after which they run a file: awk -f report.awk.
var (
	shells       = []string{"bash", "rbash", "sh"}
	starters     = strings.Fields("chroot env find nice nohup runcon stdbuf timeout xargs")
	interpreters = map[string]string{"awk": "fEil", "gawk": "fEil", "mawk": "f", "sed": "f"}
)

// choose tells the programs of an environment that get a shim from those that stay the
// user's own. A program in both lists is confined.
func choose(env nixeval.Environment, set *shim.Set) (programs []string) {
	path := env.Path()
	set.Own, set.Starters = nil, nil
	for _, name := range shim.Programs(path) {
		undeclared := env.Undeclared(nixeval.Find(name, path))
		switch {
		case slices.Contains(set.Choice.Add, name):
		case slices.Contains(set.Choice.Remove, name):
			set.Own = append(set.Own, name)
			continue
		case !undeclared || slices.Contains(builders, name):
		case slices.Contains(shells, name) || slices.Contains(starters, name) || interpreters[name] != "":
			set.Starters = append(set.Starters, name)
		default:
			set.Own = append(set.Own, name)
			continue
		}
		programs = append(programs, name)
	}
	set.Count = len(programs) - len(set.Starters)
	return programs
}

// ChoiceOf returns the programs that settings add to the shims, or remove.
func ChoiceOf(s confine.Settings) shim.Choice { return shim.Choice{Add: s.Shim, Remove: s.NoShim} }

// IdentityOf is the same for equal choices, empty for none.
func IdentityOf(c shim.Choice) string {
	if len(c.Add)+len(c.Remove) == 0 {
		return ""
	}
	return fmt.Sprintf("%q", c)
}

// unknown are the programs of a choice that an environment does not have.
func unknown(env nixeval.Environment, c shim.Choice) []screen.Warning {
	var warnings []screen.Warning
	for _, name := range append(slices.Clone(c.Add), c.Remove...) {
		if nixeval.Find(name, env.Path()) == "" {
			warnings = append(warnings, screen.Warning{Text: fmt.Sprintf("choose shims: %s has no program %s", env.Source, name)})
		}
	}
	return warnings
}

// Rechoose makes the shims that purity.toml chooses now, where that is not as it was and
// was allowed. The environment does not change.
func Rechoose(v screen.Voice, nix nixeval.Nix, p trees.Project, dir string, set shim.Set, env nixeval.Environment) (shim.Set, error) {
	if set.Config != "" {
		return set, nil
	}
	p.Cwd = p.Dir // where everybody is who is in it
	ask, err := confine.New(v, nix, p, set.Request, set.Settings, set.Config)
	if err != nil || confine.Trusted(nix, ask.File, ask.Flags, p) != nil {
		return set, nil // which the next program says
	}
	choice := ChoiceOf(ask.Settings)
	if IdentityOf(choice) == IdentityOf(set.Choice) {
		return set, nil
	}
	if permission, _, err := PermissionOf(set.Request.Project); err != nil || permission != allow.Allowed {
		return set, nil
	}
	set.Choice = choice
	return rewrite(dir, set, env, shim.Of(dir))
}

// rewrite writes the shims of an environment into a directory that has some.
func rewrite(dir string, set shim.Set, env nixeval.Environment, purity string) (shim.Set, error) {
	programs := choose(Hooked(env, set), &set)
	return set, set.Write(dir, purity, withDrivers(programs, set.Outside))
}

// textOf returns the path and the content of an ask's purity.toml, empty for none.
func textOf(ask confine.Ask) (path, text string) {
	if ask.File == nil {
		return "", ""
	}
	return ask.File.Path, ask.File.Text()
}

// ownStart reports whether a program that only comes with the dev shell is the user's own as
// it is called: an interactive shell, an interactive interpreter, or a starter of programs
// (env, find) where by confines none of the arguments. PATH finds a program that has a shim.
func ownStart(set shim.Set, name string, args []string, by ByPath) bool {
	path := os.Getenv("PATH") // without shims
	switch {
	case !slices.Contains(set.Starters, name) || nixeval.Find(name, path) == "":
		return false
	case slices.Contains(shells, name):
		return term.IsTerminal(0) && !slices.ContainsFunc(args, func(arg string) bool {
			return !slices.Contains([]string{"-i", "-l", "-il", "-li", "--login", "--norc", "--noprofile", "--posix"}, arg)
		})
	case interpreters[name] != "":
		return !slices.ContainsFunc(args, func(arg string) bool {
			return strings.HasPrefix(arg, "--") || strings.HasPrefix(arg, "-") && strings.ContainsAny(arg, interpreters[name])
		})
	}
	return !slices.ContainsFunc(args, func(arg string) bool { // whichever of them is started
		variable, _, _ := strings.Cut(arg, "=")
		return strings.Contains(arg, "/") && !shell.IsName(variable) && by.Confines(arg)
	})
}

// ShimsIn is the first directory of a PATH that has shims, empty if none does.
func ShimsIn(path string) string {
	for _, dir := range filepath.SplitList(path) {
		if filepath.IsAbs(dir) && exists(filepath.Join(dir, shim.File)) {
			return dir
		}
	}
	return ""
}
