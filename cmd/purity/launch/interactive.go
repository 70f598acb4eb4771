package launch

import (
	"path/filepath"

	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/nixeval"
)

// prompt is the start of a confined shell's prompt.
const prompt = "(purity) "

// Interactive starts a shell whose prompt shows that it is confined; with no name, that of the
// environment. Only bash gets the environment's functions; any other shell is a command
// like others.
func Interactive(named string) Program {
	return func(p confine.Plan, environ []string, run nixeval.Run) (Target, error) {
		environ = append(environ, "PS1="+prompt+`\w \$ `)
		name := named
		if name == "" {
			name = ownShell(p, environ)
		}
		switch filepath.Base(name) {
		case "bash":
			if p.Env.ScriptDir == "" {
				return Typed([]string{name, "--norc", "-i"})(p, environ, run)
			}
			path, err := p.Find(name, environ)
			if err != nil {
				return Target{}, err
			}
			scripts, err := p.Env.Scripts(run)
			// Not as an rc file: bash would try the host's before it, and complain of the denial.
			environ = append(environ, `PROMPT_COMMAND=source "$PURITY_RC"`, "PURITY_RC="+filepath.Join(scripts, nixeval.ShellFile))
			return Target{Path: path, Argv: []string{name, "--norc", "-i"}, Environ: environ}, err
		case "zsh":
			// PROMPT is PS1 to zsh; a wrapper that is a script of bash loses PS1 alone.
			environ = append(environ, "PS1="+prompt+"%~ %# ", "PROMPT="+prompt+"%~ %# ")
			return Typed([]string{name, "-i"})(p, environ, run)
		case "fish":
			greet := `functions --copy fish_prompt purity_prompt; function fish_prompt; echo -n "` + prompt + `"; purity_prompt; end`
			return Typed([]string{name, "--init-command", greet})(p, environ, run)
		}
		environ = append(environ, "PS1="+prompt+"$ ")
		return Typed([]string{name, "-i"})(p, environ, run)
	}
}

// ownShell returns the bash of the environment's PATH, which is more likely to be
// interactive than the builder's; without it, the builder's; without both, the
// /bin/sh that every confinement has.
func ownShell(p confine.Plan, environ []string) string {
	if path, err := p.Find("bash", environ); err == nil {
		return path
	}
	if p.Env.Bash != "" {
		return p.Env.Bash
	}
	return "/bin/sh"
}
