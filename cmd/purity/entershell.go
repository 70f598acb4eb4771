package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/nixeval"
)

type enterShellCmd struct {
	Mode        string   `name:"enter" enum:"shims,shell" default:"shims" placeholder:"shims|shell" help:"shims confines each program (the default); shell confines an interactive shell as a whole, which becomes purity shell."`
	WithClosure []string `placeholder:"FILE" type:"path" sep:"none" help:"Add the store paths that a file lists to the closure; can be repeated."`
	Outside     []string `placeholder:"NAME" sep:"none" help:"Run a program that drives Nix, such as the devenv of a flake, unconfined and as your own. Programs that it starts by name are confined. Can be repeated."`
	Project     string   `placeholder:"DIR" type:"path" help:"The writable directory (default: the nearest with a flake.nix or .git)."`
	Config      string   `placeholder:"FILE" type:"path" env:"PURITY_CONFIG" help:"Take the settings from this file and not from the project's purity.toml."`
	config.Settings
}

// Help is shown below the flags.
func (enterShellCmd) Help() string {
	return `Prints what to evaluate in bash: eval "$(purity hook enter-shell)". It finds the
dev shell that is active ($NIX_GCROOT of nix develop, .devenv/gc/shell, the profiles of
nix-direnv, else what the variables name) without evaluating anything, makes shims
for it and puts them in front of PATH. It replaces no process, so that it can stand
in what direnv, "devenv print-dev-env", tasks and tests evaluate; twice is as good as
once, and in a confinement it does nothing. In another shell or another environment
there are other shims. A shell that cannot be confined ends.

With --enter=shell the line belongs before the rest of the hook, which then runs once,
in the confined shell.`
}

// Run prints it.
func (c *enterShellCmd) Run(a *app) error {
	if os.Getenv(activeVariable) != "" && (enforce.Confined() || os.Getenv(onlyWatchedVariable) != "") {
		return nil // a shellHook that runs confined, or is watched instead
	}
	if c.Mode == "shell" {
		return a.becomeShell()
	}
	p, err := a.prepare("", source{FromEnv: true, WithClosure: c.WithClosure, Project: c.Project, Config: c.Config}, c.Settings)
	if err != nil {
		return err
	}
	p.silent, p.silentHook = true, true
	outside := slices.DeleteFunc(c.Outside, func(name string) bool { return nixeval.Find(name, os.Getenv("PATH")) == "" })
	dir, err := p.shellShims(outside)
	if err != nil {
		return err
	}
	fmt.Fprint(a.Stdout, p.exports(dir, nil), afterwards(os.Getenv("PATH")))
	return nil
}

// unconfined is err with what it means for the shell that asked.
func (a *app) unconfined(err error) error {
	a.Log.Warn().Msg("nothing is confined in this shell")
	return err
}

// entersShell reports whether a command line is the one whose output a shell
// evaluates to be confined.
func entersShell(args []string) bool {
	at := slices.Index(args, "enter-shell")
	return at > 0 && args[at-1] == "hook"
}

// endShell has the shell that evaluates the output end, because nothing would be
// confined in it.
func (a *app) endShell(code int) int {
	a.Log.Warn().Msg("this shell ends, because purity cannot confine it")
	fmt.Fprintf(a.Stdout, "exit %d\n", code)
	return code
}

// shellShims returns the directory of the shims of the active shell, which it
// makes if they are not there. Each environment has its own: shells can be open in
// several of one project. Those of the programs outside confine nothing.
func (p *plan) shellShims(outside []string) (string, error) {
	if err := p.ready(); err != nil {
		return "", err
	}
	if err := p.resolve(context.Background()); err != nil {
		return "", err
	}
	if p.env.ScriptDir == "" && !p.nix.InShell() {
		return "", nixeval.ErrNoShell
	}
	key := p.env.Key()
	dir := filepath.Join(p.nix.ProjectDir(p.project.dir), "shell-"+key[:min(len(key), 8)]+"-"+p.request.Identity(append(outside, p.asked)...)[:8])
	if set, err := shim.Read(dir); err == nil && set.Entry == key && shim.Of(dir) == executable() {
		return dir, nil
	}
	if p.env.ScriptDir == "" {
		p.app.Log.Info().Msg("this shell does not tell which variables are the dev shell's; programs get those that name store paths, and what --keep names")
	}
	_, err := p.makeShims(dir, shim.Set{Renew: "leave this shell and enter it again", Outside: outside})
	return dir, err
}

// afterwards has what nix develop removes, outside the project, be removed by a
// program that may: its script, soon, and the directory that nix-shell makes.
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

// executable is the file of this program, empty if that cannot be told.
func executable() string {
	self, err := os.Executable()
	if err != nil {
		return ""
	}
	return self
}

// shimsVariable names the shims that are in front of PATH where it is not the
// hook of the prompt that looks after them.
const shimsVariable = "PURITY_SHIMS"

// exports is code for any POSIX shell that puts shims in front of PATH and exports
// variables.
func (p *plan) exports(dir string, variables []string) string {
	outer := p.app.calling
	if os.Getenv("DIRENV_IN_ENVRC") != "" {
		if environ := environOf(os.Getppid()); environ != nil {
			outer = environ // not what the .envrc exported before
		}
	}
	words := []string{
		"PATH=" + dir + ":" + os.Getenv("PATH"), shimsVariable + "=" + dir,
		"PURITY_PROJECT=" + p.project.dir, outerVariable + "=" + fingerprints(append(outer, variables...)),
	}
	return exportLines(append(variables, words...))
}

// exportLines export variables, NAME=value, in any POSIX shell. What is no name of one is
// left out.
func exportLines(variables []string) string {
	var b strings.Builder
	for _, v := range variables {
		if name, value, _ := strings.Cut(v, "="); shell.IsName(name) {
			fmt.Fprintf(&b, "export %s=%s\n", name, shell.Quote(value))
		}
	}
	return b.String()
}

// becomeShell prints how an interactive shell becomes a confined one, with the flags
// that were given here, and how any other gets shims. One that evaluates for others,
// as direnv's does, stays.
func (a *app) becomeShell() error {
	var flags, outside []string
	args := os.Args[slices.Index(os.Args, "enter-shell")+1:]
	for i := 0; i < len(args); i++ {
		name, _, joined := strings.Cut(args[i], "=")
		words := args[i : i+1]
		if !joined && (name == "--enter" || name == "--outside") && i+1 < len(args) {
			words = args[i : i+2]
			i++
		}
		switch name {
		case "--enter":
		case "--outside":
			outside = append(outside, words...)
		default:
			flags = append(flags, words...)
		}
	}
	self := executable()
	whole := shell.Join(append([]string{self, "shell", "--from-env"}, flags...)...)
	each := shell.Join(slices.Concat([]string{self, "hook", "enter-shell"}, flags, outside)...)
	_, err := fmt.Fprintf(a.Stdout, `case ${DIRENV_IN_ENVRC:+direnv-}$- in
  direnv-*) eval "$(%[2]s)" ;;
  *i*) exec %[1]s || exit %[3]d ;;
  *) eval "$(%[2]s)" ;;
esac
`, whole, each, words.Failure)
	return err
}
