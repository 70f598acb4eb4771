package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/hook"
	"github.com/nix-purity/purity/nixeval"
)

type enterShellCmd struct {
	Mode        string   `name:"enter" enum:"shims,shell" default:"shims" placeholder:"shims|shell" help:"Confine each program by shims, or an interactive shell as a whole, which becomes purity shell (default: shims)."`
	WithClosure []string `placeholder:"FILE" type:"path" sep:"none" help:"Add the store paths that a file lists to the closure; can be repeated."`
	Outside     []string `placeholder:"NAME" sep:"none" help:"Run a program that drives Nix, such as devenv, unconfined. Programs that it starts by name run confined. Can be repeated."`
	Project     string   `placeholder:"DIR" type:"path" help:"Directory that programs may write (default: the nearest with a flake.nix or .git, or else the working directory)."`
	Config      string   `placeholder:"FILE" type:"path" env:"PURITY_CONFIG" help:"Take the settings from this file, not from the project's purity.toml."`
	config.Settings
}

// Help is shown below the flags.
func (enterShellCmd) Help() string {
	return `Prints lines for bash to evaluate: eval "$(purity hook enter-shell)". They find the
active dev shell ($NIX_GCROOT of nix develop, .devenv/gc/shell, the profiles of
nix-direnv, else the store paths of variables) and evaluate nothing. They make shims for it
and put them in front of PATH. They replace no process, so that direnv,
"devenv print-dev-env", tasks and tests can evaluate them. Twice is as good as once, and
in a confinement they do nothing. Another shell or environment has its own shims. A shell
that purity cannot confine ends.

With --enter=shell the line belongs before the rest of the hook, which then runs once,
in the confined shell.`
}

// Run prints the lines for bash.
func (c *enterShellCmd) Run(a *app) error {
	if confine.Inside() || os.Getenv(caller.Active) != "" && os.Getenv(caller.OnlyWatched) != "" {
		return nil // a shellHook that runs confined, or is watched instead
	}
	if c.Mode == "shell" {
		return hook.BecomeShell(a.Stdout, beside(a.args, "hook", "enter-shell"))
	}
	ask, _, err := a.ask("", source{FromEnv: true, WithClosure: c.WithClosure, Project: c.Project, Config: c.Config}, c.Settings)
	if err != nil {
		return err
	}
	outside := slices.DeleteFunc(c.Outside, func(name string) bool { return nixeval.Find(name, os.Getenv("PATH")) == "" })
	dir, err := hook.ForShell(a.hooks(), ask, outside)
	if err != nil {
		return err
	}
	hook.EnterShell(a.hooks(), ask, dir)
	return nil
}

// beside returns the flags of a command line: before, between and after the words of a
// command.
func beside(args []string, command ...string) []string {
	var flags []string
	for _, arg := range args[1:] {
		if len(command) > 0 && arg == command[0] {
			command = command[1:]
			continue
		}
		flags = append(flags, arg)
	}
	return flags
}

// entersShell reports whether a command line is that of purity hook enter-shell, whose
// output confines the shell that evaluates it.
func entersShell(args []string) bool {
	at := slices.Index(args, "enter-shell")
	return at > 0 && args[at-1] == "hook"
}

// endShell ends the shell that evaluates the output, because purity cannot confine it.
func endShell(a *app, code int) int {
	a.Log.Warn().Msg("this shell ends, because purity cannot confine it")
	fmt.Fprintf(a.Stdout, "exit %d\n", code)
	return code
}
