package launch

import (
	"path/filepath"

	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/nixeval"
)

// prompt begins the prompt of a confined shell.
const prompt = "(purity) "

// Interactive is a shell whose prompt tells that it is confined, the environment's own if
// none is named. Only bash takes the environment's functions along; any other shell is a
// command like all.
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
			// Not as an rc file: bash would read the host's before it, and say
			// that this is refused.
			environ = append(environ, `PROMPT_COMMAND=source "$PURITY_RC"`, "PURITY_RC="+filepath.Join(scripts, nixeval.ShellFile))
			return Target{Path: path, Argv: []string{name, "--norc", "-i"}, Environ: environ}, err
		case "zsh":
			environ = append(environ, "PS1="+prompt+"%~ %# ")
			return Typed([]string{name, "-i"})(p, environ, run)
		case "fish":
			greet := `functions --copy fish_prompt purity_prompt; function fish_prompt; echo -n "` + prompt + `"; purity_prompt; end`
			return Typed([]string{name, "--init-command", greet})(p, environ, run)
		}
		environ = append(environ, "PS1="+prompt+"$ ")
		return Typed([]string{name, "-i"})(p, environ, run)
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
