package main

import (
	"context"
	"path/filepath"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/nixeval"
)

type shellCmd struct {
	Flake string `placeholder:"REF" default:"." help:"Flake whose dev shell is meant, with an optional #attribute."`
	source
	config.Settings
	Shell string `placeholder:"PROGRAM" help:"Another shell than the environment's bash."`
}

// Help is shown below the flags.
func (shellCmd) Help() string {
	return `The shell and all that is started from it see what "purity exec" would show
them. The prompt begins with (purity). A .bashrc in the private HOME is read. With
--presets editor your editors, tmux, starship and git find your configuration there.`
}

// Run replaces purity by the shell; it returns only on an error.
func (c *shellCmd) Run(a *app) error {
	ctx := context.Background()
	p, err := a.prepare(c.Flake, c.source, c.Settings)
	if err != nil {
		return err
	}
	return p.enter(ctx, []string{"shell"}, reporting{}, func(environ []string, run nixeval.Run) (launch, error) {
		return p.shell(c.Shell, environ, run)
	})
}

// prompt is what the prompt of a confined shell begins with.
const prompt = "(purity) "

// shell is an interactive shell whose prompt tells that it is confined. Only
// bash takes the environment's functions along; any other shell is a command
// like all.
func (p *plan) shell(name string, environ []string, run nixeval.Run) (launch, error) {
	environ = append(environ, "PS1="+prompt+`\w \$ `)
	if name == "" {
		name = p.ownShell(environ)
	}
	switch filepath.Base(name) {
	case "bash":
		if p.env.ScriptDir == "" {
			return p.command([]string{name, "--norc", "-i"}, environ, run)
		}
		path, err := p.find(name, environ)
		if err != nil {
			return launch{}, err
		}
		scripts, err := p.env.Scripts(run)
		// Not as an rc file: bash would read the host's before it, and say
		// that this is refused.
		environ = append(environ, `PROMPT_COMMAND=source "$PURITY_RC"`, "PURITY_RC="+filepath.Join(scripts, nixeval.ShellFile))
		return launch{path, []string{name, "--norc", "-i"}, environ}, err
	case "zsh":
		environ = append(environ, "PS1="+prompt+"%~ %# ")
		return p.command([]string{name, "-i"}, environ, run)
	case "fish":
		greet := `functions --copy fish_prompt purity_prompt; function fish_prompt; echo -n "` + prompt + `"; purity_prompt; end`
		return p.command([]string{name, "--init-command", greet}, environ, run)
	}
	environ = append(environ, "PS1="+prompt+"$ ")
	return p.command([]string{name, "-i"}, environ, run)
}

// ownShell is the bash of the environment's PATH, which is more likely to be
// made for people than its builder's, or else that, or else the /bin/sh that
// every confinement has.
func (p *plan) ownShell(environ []string) string {
	if path, err := p.find("bash", environ); err == nil {
		return path
	}
	if p.env.Bash != "" {
		return p.env.Bash
	}
	return "/bin/sh"
}
