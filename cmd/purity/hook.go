package main

import (
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"github.com/nix-purity/purity/cmd/purity/programs"
	"github.com/nix-purity/purity/cmd/purity/shell"
)

// hookCmd are the hooks, by the program that evaluates them.
type hookCmd struct {
	Bash       promptHookCmd `cmd:"" help:"For ~/.bashrc: confine the programs of the project that bash is in."`
	Zsh        promptHookCmd `cmd:"" help:"For ~/.zshrc: confine the programs of the project that zsh is in."`
	Fish       promptHookCmd `cmd:"" help:"For config.fish: confine the programs of the project that fish is in."`
	Nu         nuHookCmd     `cmd:"" help:"For nushell's autoload directory: the same for nushell."`
	Direnv     direnvHookCmd `cmd:"" help:"For ~/.config/direnv/lib/purity.sh: define use purity for .envrc files."`
	EnterShell enterShellCmd `cmd:"" help:"For a shellHook, devenv's enterShell or .envrc: confine the programs of the active dev shell."`
}

// Help is shown below the commands.
func (hookCmd) Help() string {
	return `Each line goes into

  ~/.bashrc                   eval "$(purity hook bash)"
  ~/.zshrc                    eval "$(purity hook zsh)"
  ~/.config/fish/config.fish  purity hook fish | source
  nushell, once               purity hook nu | save ($nu.user-autoload-dirs | first | path join purity.nu)
  a shell                     purity hook direnv > ~/.config/direnv/lib/purity.sh
  a shellHook or enterShell   eval "$(purity hook enter-shell)"`
}

// promptHookCmd is the hook of an interactive shell.
type promptHookCmd struct{}

// Help is shown below the flags.
func (promptHookCmd) Help() string {
	return `In the directory of a project that you allowed (purity allow), and below it, shims in
front of PATH run the programs of its dev shell confined. The hook also confines programs
you run by path inside the project or the store: ./configure, result/bin/x. PURITY_PROJECT
names the project. All else is as ever, and leaving the directory restores everything.

  nopurity CMD   run one command as if there were no purity
  purity off     leave, and stay out, in this shell; purity on
  purity which   print the program that a name runs

The shell exports the dev shell's variables, but for those that run code. Only
"purity shell" has the functions and aliases of a shellHook.

$purity_prompt is for your prompt: (purity), with * while purity renews the environment
in the background and the old one is in use, with ! if a file that defines it changed
and you have not allowed it yet.

The hook misses, above all, programs of the host that you run by path (/usr/bin/gcc), paths
in a variable, and code that the shell runs by itself (eval, trap): "purity help hooks"
has the list. No program that a confined program starts gets out. "purity shell" confines
the whole shell.

If purity is gone, does not answer or was interrupted, nothing is confined, and the
prompt shows (not confined).`
}

// Run prints the hook of the shell that the command is named for.
func (promptHookCmd) Run(a *app, ctx *kong.Context) error {
	return a.printHook(ctx.Selected().Name)
}

// nuHookCmd is the hook of nushell.
type nuHookCmd struct{}

// Help is shown below the flags.
func (nuHookCmd) Help() string {
	return `In nushell, once:

  mkdir ($nu.user-autoload-dirs | first)
  purity hook nu | save ($nu.user-autoload-dirs | first | path join purity.nu)

In the directory of a project that was allowed (purity allow), and below it, the
programs of its dev shell then run confined, by way of shims in front of PATH, as
"purity hook bash --help" says for other shells: nopurity, purity off, purity on and
$env.purity_prompt are the same.

Not caught in nushell are programs that are typed with a directory (./configure): it
has no hook that changes a line. "purity shell" confines all.`
}

// Run prints the hook.
func (nuHookCmd) Run(a *app) error { return a.printHook("nu") }

type direnvHookCmd struct{}

// Help is shown below the flags.
func (direnvHookCmd) Help() string {
	return `Then an .envrc has "use purity", or "use purity .#ci --level nix": a flake and the
flags of purity exec. direnv exports the variables of the dev shell, with shims in front
of PATH, so that its programs run confined. Leaving the directory restores all.
direnv does not export variables by which a shell, a loader or an interpreter runs
code: the programs get them from their shims.

You must allow the project (purity allow). direnv loads it again when a file changes
that defines the environment; you must allow that, too. Until then, and if Nix fails,
direnv keeps the environment from before.`
}

// Run prints the library.
func (direnvHookCmd) Run(a *app) error { return a.printHook("direnv") }

func (a *app) printHook(of string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("print hook: %w", err)
	}
	if nix, err := a.nix(); err == nil {
		if err := programs.SelfClosed(nix); err != nil {
			return err
		}
	}
	_, err = fmt.Fprint(a.Stdout, shell.Hook(of, self))
	return err
}
