package main

import (
	"fmt"
	"os"

	"github.com/nix-purity/purity/cmd/purity/shell"
)

type hookCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help is shown below the flags.
func (hookCmd) Help() string {
	return `To be evaluated by the start-up file of a shell:

  ~/.bashrc                    eval "$(purity hook bash)"
  ~/.zshrc                     eval "$(purity hook zsh)"
  ~/.config/fish/config.fish   purity hook fish | source

In the directory of a project that was allowed (purity allow), and below it, the
programs of its dev shell then run confined, by way of shims in front of PATH;
PURITY_PROJECT names the project. So do programs that are typed with a directory
which is in the project or the store: ./configure, result/bin/x. All else is as
ever, and so it is again where the directory is left.

  nopurity CMD   run one command as if there were no purity
  purity off     leave, and stay out, in this shell; purity on
  purity which   what a name runs

$purity_prompt is for your prompt: (purity), with * while the environment is
renewed in the background and the old one is in use, with ! where something that
defines it was changed and not allowed yet.

What is not caught: a program of the host that is typed by its name or directory and
is not in the dev shell, such as /usr/bin/gcc; what a line does after cd in the same
line; lines that are typed in parts; aliases for paths. Nothing that a
confined program starts gets out. "purity shell" confines the whole shell.`
}

// Run prints the hook.
func (c hookCmd) Run(a *app) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("print hook: %w", err)
	}
	_, err = fmt.Fprint(a.stdout, shell.Hook(c.Shell, self))
	return err
}
