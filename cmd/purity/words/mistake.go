package words

import (
	"strings"

	"github.com/nix-purity/purity/cmd/purity/shell"
)

// builtins are commands of shells that are no programs, or do nothing as such.
var builtins = func() map[string]bool {
	all := map[string]bool{}
	for name := range strings.FieldsSeq(". : alias bg bind builtin cd command declare dirs eval exec exit export fc fg hash history jobs let local popd pushd read readonly return set shift shopt source trap type typeset ulimit umask unalias unset wait") {
		all[name] = true
	}
	return all
}()

// assigns reports whether a word sets a variable before a command.
func assigns(word string) bool {
	name, _, ok := strings.Cut(word, "=")
	return ok && shell.IsName(name)
}

// mistake is the intended command, as a line to paste; empty
// if there is no telling.
func mistake(command []string) (what, instead string) {
	set, rest := []string{"purity", "exec"}, command
	for len(rest) > 0 && assigns(rest[0]) {
		set = append(set, "--set", rest[0])
		rest = rest[1:]
	}
	switch {
	case len(command) == 0:
		return "", ""
	case len(rest) < len(command) && len(rest) > 0:
		return "a flag sets variables", shell.Join(append(append(set, "--"), rest...)...)
	case len(rest) < len(command):
		return "a flag sets variables", shell.Join(append(set, "--", "make")...)
	case builtins[command[0]]:
		return command[0] + " is a part of a shell, and no program", "purity exec -- sh -c " + shell.Quote(shell.Join(command...))
	case len(command) == 1 && strings.ContainsAny(command[0], "|&;<>$`*?(){}\""):
		return "a shell runs such a line", "purity exec -- sh -c " + shell.Quote(command[0])
	case len(command) == 1 && strings.ContainsAny(strings.TrimSpace(command[0]), " \t"):
		return "the quotes make one word of it", "purity exec -- " + shell.Join(strings.Fields(command[0])...)
	case strings.Contains(strings.TrimLeft(command[0], "#"), "#") && !strings.ContainsAny(command[0], " \t"): // nix develop takes it so
		if rest = command[1:]; len(rest) > 0 && rest[0] == "--" {
			rest = rest[1:]
		}
		if len(rest) == 0 {
			rest = []string{"make"}
		}
		return "a flag names the dev shell", shell.Join(append([]string{"purity", "exec", "--flake", command[0], "--"}, rest...)...)
	}
	return "", ""
}
