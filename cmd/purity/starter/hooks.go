package starter

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/nix-purity/purity/closure/hostile"
)

// enterShell is the line by which a dev shell puts its shims in front of PATH.
const enterShell = `eval "$(purity hook enter-shell)"`

// direnv has a project's .envrc use purity.
func (p Project) direnv(plan *Plan) {
	flags, evaluated := p.Source()
	line := "use purity" + flags + "\n"
	text, err := hostile.ReadIn(p.Root, ".envrc", longest)
	switch {
	case absent(err), !evaluated:
		return
	case err != nil:
		plan.Notes = append(plan.Notes, Note{".envrc, which cannot be read or leads outside the project", line})
	default:
		plan.Files = append(plan.Files, File{Name: ".envrc", Text: line, Append: true, Done: usesPurity(string(text))})
	}
	plan.Notes = append(plan.Notes, Note{"Once, for direnv to know the word (then: direnv allow)", "mkdir -p ~/.config/direnv/lib\npurity hook direnv > ~/.config/direnv/lib/purity.sh\n"})
}

// usesPurity reports whether an .envrc has the line.
func usesPurity(envrc string) bool {
	for line := range strings.Lines(envrc) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "use" && words[1] == "purity" {
			return true
		}
	}
	return false
}

// shells has the dev shells that a project defines put their shims in front of
// PATH. How a Nix file is written is a person's, so it is told, not done.
func (p Project) shells(plan *Plan) {
	if !p.has("flake.nix", "shell.nix", "devenv.nix", "devenv.yaml", "devshell.toml") {
		plan.Notes = append(plan.Notes, Note{"Nothing defines a dev shell here yet; this begins one", "nix --extra-experimental-features 'nix-command flakes' flake init\n"})
	}
	if p.has("devenv.nix", "devenv.yaml") && !p.mentions("devenv.nix") {
		plan.Notes = append(plan.Notes,
			Note{"devenv.yaml", "inputs:\n  purity:\n    url: github:nix-purity/purity\nimports:\n  - purity/nix\n"},
			Note{"devenv.nix", "purity.enable = true;\n"})
	}
	if p.has("devshell.toml") && !p.mentions("devshell.toml") {
		plan.Notes = append(plan.Notes, Note{"devshell.toml", "[devshell.startup.purity]\ntext = '" + enterShell + "'\n"})
	}
	for _, name := range []string{"flake.nix", "shell.nix"} {
		if !p.mentions(name) {
			plan.Notes = append(plan.Notes, p.nixShells(name)...)
		}
	}
}

// nixShells are the lines for the dev shells of a Nix file.
func (p Project) nixShells(name string) (notes []Note) {
	text := p.text(name)
	if strings.Contains(text, "devenv.lib.mkShell") {
		notes = append(notes, Note{name + ", in a module of devenv", "enterShell = ''" + enterShell + "'';\n"})
	}
	if strings.Contains(text, "numtide/devshell") && !p.has("devshell.toml") {
		notes = append(notes, Note{name + ", in the arguments of devshell's mkShell", "devshell.startup.purity.text = ''" + enterShell + "'';\n"})
	}
	if !strings.Contains(foreign.Replace(text), "mkShell") {
		return notes
	}
	notes = append(notes, Note{name + ", in the arguments of mkShell", "shellHook = ''" + enterShell + "'';\n"})
	if name == "flake.nix" {
		notes = append(notes, Note{`Or in place of pkgs.mkShell, with inputs.purity.url = "github:nix-purity/purity"`, "purity.lib.${system}.mkShell\n"})
	}
	return notes
}

// foreign leaves out the mkShell of others.
var foreign = strings.NewReplacer("devshell.mkShell", "", "devenv.lib.mkShell", "")

// mentions reports whether a file has something of purity's already.
func (p Project) mentions(name string) bool {
	text := p.text(name)
	return strings.Contains(text, "purity hook enter-shell") || strings.Contains(text, "purity.lib.") || strings.Contains(text, "purity.enable")
}

// hookLine is the line for the start-up file of a person's shell, if it is one with
// a hook, and has not got it.
func hookLine(shell, home string) (Note, bool) {
	files := map[string][2]string{
		"bash": {".bashrc", `eval "$(purity hook bash)"`},
		"zsh":  {".zshrc", `eval "$(purity hook zsh)"`},
		"fish": {".config/fish/config.fish", "purity hook fish | source"},
	}
	const confined = ", to be confined in this and every project that you allow"
	if autoload := ".config/nushell/autoload/"; filepath.Base(shell) == "nu" {
		_, err := os.Stat(filepath.Join(home, autoload, "purity.nu"))
		return Note{"In nushell, once" + confined, "mkdir ~/" + autoload + "; purity hook nu | save ~/" + autoload + "purity.nu\n"}, err != nil
	}
	file, ok := files[filepath.Base(shell)]
	if !ok {
		return Note{}, false
	}
	data, _ := os.ReadFile(filepath.Join(home, file[0])) // there need not be one
	if strings.Contains(string(data), "purity hook ") {
		return Note{}, false
	}
	return Note{"~/" + file[0] + confined, file[1] + "\n"}, true
}
