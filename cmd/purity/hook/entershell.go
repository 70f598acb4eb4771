package hook

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/programs"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/nixeval"
)

// ForShell returns the directory of the shims of the active shell, which it makes if they
// are not there. Each environment has its own: shells can be open in several of one
// project. Those of the programs outside confine nothing.
func ForShell(h programs.Call, ask confine.Ask, outside []string) (string, error) {
	if err := programs.Check(h.Voice, ask); err != nil {
		return "", err
	}
	found, err := confine.FromNix(h.Voice, true)(context.Background(), ask)
	if err != nil {
		return "", err
	}
	env := found.Env
	if env.ScriptDir == "" && !ask.Nix.InShell() {
		return "", nixeval.ErrNoShell
	}
	key := env.Key()
	dir := filepath.Join(ask.Nix.ProjectDir(ask.Project.Dir), "shell-"+key[:min(len(key), 8)]+"-"+ask.Request.Identity(append(outside, ask.Identity(), programs.IdentityOf(programs.ChoiceOf(ask.Settings)))...)[:8])
	if set, err := shim.Read(dir); err == nil && set.Entry == key && shim.Of(dir) == caller.Self() {
		return dir, nil
	}
	if env.ScriptDir == "" {
		h.Log.Info().Msg("this shell hides which variables are the dev shell's; programs get those that name store paths, and those of --keep")
	}
	h.Stderr = nil // the shell has run the hook itself, and shown its output
	made, err := h.Make(ask, found, dir, shim.Set{Renew: "leave this shell and enter it again", Outside: outside})
	if err == nil {
		h.Log.Info().Msg(made.Count())
	}
	return dir, err
}

// EnterShell prints code that puts shims in front of PATH in the active shell.
func EnterShell(h programs.Call, ask confine.Ask, dir string) {
	fmt.Fprint(h.Stdout, exports(h.Environ, dir, ask.Project.Dir, nil), afterwards(os.Getenv("PATH")))
}

// afterwards is code by which an unconfined program removes the files that nix develop
// removes outside the project: its script, soon, and the directory that nix-shell makes.
func afterwards(path string) string {
	return `case ${BASH_SOURCE[0]-} in
  */nix-shell.*) PATH=` + shell.Quote(path) + ` command rm -f -- "${BASH_SOURCE[0]}" ;;
esac
if declare -F _nix_shell_clean_tmpdir >/dev/null; then
  declare -F _purity_nix_shell_clean_tmpdir >/dev/null || eval "_purity$(declare -f _nix_shell_clean_tmpdir)"
  _nix_shell_clean_tmpdir() { PATH=` + shell.Quote(path) + ` _purity_nix_shell_clean_tmpdir; }
fi
`
}

// exports is code for any POSIX shell that puts shims in front of PATH and exports
// variables.
func exports(environ []string, dir, project string, variables []string) string {
	outer := environ
	if os.Getenv("DIRENV_IN_ENVRC") != "" {
		if shell := caller.EnvironOf(os.Getppid()); shell != nil {
			outer = shell // without earlier exports of the .envrc
		}
	}
	own := []string{
		"PATH=" + dir + ":" + os.Getenv("PATH"), caller.Shims + "=" + dir,
		caller.Project + "=" + project, caller.Outer + "=" + caller.Fingerprints(append(outer, variables...)),
	}
	return shell.Exports(append(variables, own...))
}

// BecomeShell prints how an interactive shell becomes a confined one, with the flags
// that were given here, and how any other gets shims. One that evaluates for others,
// as direnv's does, stays.
func BecomeShell(out io.Writer, args []string) error {
	var flags, outside []string
	for i := 0; i < len(args); i++ {
		name, _, joined := strings.Cut(args[i], "=")
		given := args[i : i+1]
		if !joined && (name == "--enter" || name == "--outside") && i+1 < len(args) {
			given = args[i : i+2]
			i++
		}
		switch name {
		case "--enter":
		case "--outside":
			outside = append(outside, given...)
		default:
			flags = append(flags, given...)
		}
	}
	self := caller.Self()
	whole := shell.Join(append([]string{self, "shell", "--from-env"}, flags...)...)
	each := shell.Join(slices.Concat([]string{self, "hook", "enter-shell"}, flags, outside)...)
	_, err := fmt.Fprintf(out, `case ${DIRENV_IN_ENVRC:+direnv-}$- in
  direnv-*) eval "$(%[2]s)" ;;
  *i*) exec %[1]s || exit %[3]d ;;
  *) eval "$(%[2]s)" ;;
esac
`, whole, each, words.Failure)
	return err
}
