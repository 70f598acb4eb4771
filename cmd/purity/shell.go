package main

import (
	"path/filepath"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/nixeval"
)

type shellCmd struct {
	Flake string `placeholder:"REF" help:"Flake of the dev shell, with an optional #attribute (default: the flake here)." xor:"source"`
	source
	config.Settings
	Shell string `placeholder:"PROGRAM" help:"Shell to start (default: the environment's bash)."`
}

// Help is shown below the flags.
func (shellCmd) Help() string {
	return `The shell and every program started from it run as under "purity exec". Called from
nushell, elvish or any other shell, purity starts the dev shell's bash; --shell names
another shell of the dev shell, such as nu or elvish. The prompt of bash, zsh and fish
begins with (purity). bash reads a .bashrc in the private HOME. With --presets editor your
editors, tmux, starship and git find your configuration there.`
}

// Run replaces purity by the shell; it returns only on an error.
func (c *shellCmd) Run(a *app) error {
	ask, from, err := a.ask(c.Flake, c.source, c.Settings)
	if err != nil {
		return err
	}
	return run{app: a, ask: ask, from: from, command: []string{"shell"}, program: interactive(c.Shell)}.execute()
}

// prompt begins the prompt of a confined shell.
const prompt = "(purity) "

// interactive is a shell whose prompt tells that it is confined, the environment's own if
// none is named. Only bash takes the environment's functions along; any other shell is a
// command like all.
func interactive(named string) confine.Program {
	return func(p confine.Plan, environ []string, run nixeval.Run) (confine.Launch, error) {
		environ = append(environ, "PS1="+prompt+`\w \$ `)
		name := named
		if name == "" {
			name = ownShell(p, environ)
		}
		switch filepath.Base(name) {
		case "bash":
			if p.Env.ScriptDir == "" {
				return confine.Typed([]string{name, "--norc", "-i"})(p, environ, run)
			}
			path, err := p.Find(name, environ)
			if err != nil {
				return confine.Launch{}, err
			}
			scripts, err := p.Env.Scripts(run)
			// Not as an rc file: bash would read the host's before it, and say
			// that this is refused.
			environ = append(environ, `PROMPT_COMMAND=source "$PURITY_RC"`, "PURITY_RC="+filepath.Join(scripts, nixeval.ShellFile))
			return confine.Launch{Path: path, Argv: []string{name, "--norc", "-i"}, Environ: environ}, err
		case "zsh":
			environ = append(environ, "PS1="+prompt+"%~ %# ")
			return confine.Typed([]string{name, "-i"})(p, environ, run)
		case "fish":
			greet := `functions --copy fish_prompt purity_prompt; function fish_prompt; echo -n "` + prompt + `"; purity_prompt; end`
			return confine.Typed([]string{name, "--init-command", greet})(p, environ, run)
		}
		environ = append(environ, "PS1="+prompt+"$ ")
		return confine.Typed([]string{name, "-i"})(p, environ, run)
	}
}

// ownShell is the bash of the environment's PATH, which is more likely to be
// made for people than its builder's, or else that, or else the /bin/sh that
// every confinement has.
func ownShell(p confine.Plan, environ []string) string {
	if path, err := p.Find("bash", environ); err == nil {
		return path
	}
	if p.Env.Bash != "" {
		return p.Env.Bash
	}
	return "/bin/sh"
}
