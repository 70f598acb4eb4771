package starter

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// enterShell is what a dev shell evaluates to put its shims in front of PATH.
const enterShell = `eval "$(purity hook enter-shell)"`

var usePurity = regexp.MustCompile(`(?m)^\s*use purity\b`)

// direnv has a project's .envrc use purity.
func (p Project) direnv(plan *Plan) {
	const line = "use purity\n"
	text, err := p.Root.ReadFile(".envrc")
	switch {
	case absent(err):
		return
	case err != nil:
		plan.Notes = append(plan.Notes, Note{".envrc, which cannot be read or leads outside the project", line})
	default:
		plan.Files = append(plan.Files, File{Name: ".envrc", Text: line, Append: true, Done: usePurity.Match(text)})
	}
	plan.Notes = append(plan.Notes, Note{"Once, for direnv to know the word (then: direnv allow)", "mkdir -p ~/.config/direnv/lib\npurity hook direnv > ~/.config/direnv/lib/purity.sh\n"})
}

// shells has the dev shells that a project defines put their shims in front of
// PATH. How a Nix file is written is a person's, so it is told, not done.
func (p Project) shells(plan *Plan) {
	begun := len(plan.Notes)
	say := func(where, lines string) { plan.Notes = append(plan.Notes, Note{where, lines}) }
	if p.has("devenv.nix", "devenv.yaml") && !p.mentions("devenv.nix") {
		say("devenv.yaml", "inputs:\n  purity:\n    url: github:nix-purity/purity\nimports:\n  - purity/nix\n")
		say("devenv.nix", "purity.enable = true;\n")
	}
	if p.has("devshell.toml") && !p.mentions("devshell.toml") {
		say("devshell.toml", "[devshell.startup.purity]\ntext = '"+enterShell+"'\n")
	}
	for _, name := range []string{"flake.nix", "shell.nix"} {
		text := p.text(name)
		if text == "" || p.mentions(name) {
			continue
		}
		if strings.Contains(text, "devenv.lib.mkShell") {
			say(name+", in a module of devenv", "enterShell = ''"+enterShell+"'';\n")
		}
		if strings.Contains(text, "numtide/devshell") && !p.has("devshell.toml") {
			say(name+", in the arguments of devshell's mkShell", "devshell.startup.purity.text = ''"+enterShell+"'';\n")
		}
		if ownShell.MatchString(foreignShell.ReplaceAllString(text, "")) {
			say(name+", in the arguments of mkShell", "shellHook = ''"+enterShell+"'';\n")
		}
		if name == "flake.nix" && ownShell.MatchString(foreignShell.ReplaceAllString(text, "")) {
			say("Or in place of pkgs.mkShell, with inputs.purity.url = \"github:nix-purity/purity\"", "purity.lib.${system}.mkShell\n")
		}
	}
	if len(plan.Notes) == begun && !p.has("flake.nix", "shell.nix", "devenv.nix", "devshell.toml") {
		say("Nothing defines a dev shell here yet; this begins one", "nix flake init\n")
	}
}

var (
	ownShell     = regexp.MustCompile(`\bmkShell(NoCC)?\b`)
	foreignShell = regexp.MustCompile(`\b(devshell|devenv\.lib)\.mkShell\b`)
)

// mentions reports whether a file has something of purity's already.
func (p Project) mentions(name string) bool {
	return strings.Contains(p.text(name), "purity hook enter-shell") || regexp.MustCompile(`\bpurity\.(lib|enable)\b`).MatchString(p.text(name))
}

// hookLine is the line for the start-up file of a person's shell, if it is one with
// a hook, and has not got it.
func hookLine(shell, home string) (Note, bool) {
	files := map[string][2]string{
		"bash": {".bashrc", `eval "$(purity hook bash)"`},
		"zsh":  {".zshrc", `eval "$(purity hook zsh)"`},
		"fish": {".config/fish/config.fish", "purity hook fish | source"},
	}
	file, ok := files[filepath.Base(shell)]
	if !ok {
		return Note{}, false
	}
	data, _ := os.ReadFile(filepath.Join(home, file[0])) // there need not be one
	if strings.Contains(string(data), "purity hook ") {
		return Note{}, false
	}
	return Note{"~/" + file[0] + ", to be confined in this and every project that you allow", file[1] + "\n"}, true
}
