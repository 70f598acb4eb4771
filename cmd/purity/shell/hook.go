package shell

import (
	_ "embed"
	"encoding/json"
	"strings"
)

var (
	//go:embed hook.sh
	common string
	//go:embed hook.bash
	bash string
	//go:embed hook.zsh
	zsh string
	//go:embed hook.fish
	fish string
	//go:embed hook.nu
	nu string
	//go:embed hook.direnv
	direnv string
)

// Hook is the code by which the prompt of a shell looks after projects. Purity
// is the file name of the program.
func Hook(shell, purity string) string {
	switch shell {
	case "bash":
		return strings.ReplaceAll(common+bash, "@purity@", Quote(purity))
	case "zsh":
		return strings.ReplaceAll(common+zsh, "@purity@", Quote(purity))
	case "nu":
		return strings.ReplaceAll(nu, "@purity@", QuoteNu(purity))
	case "direnv":
		return strings.ReplaceAll(direnv, "@purity@", Quote(purity))
	}
	return strings.ReplaceAll(fish, "@purity@", QuoteFish(purity))
}

// Call is a line by which a shell calls a function; for nushell, which evaluates no text, the
// words as a list in JSON.
func Call(shell, function string, args ...string) string {
	if shell == "nu" {
		words, _ := json.Marshal(append([]string{function}, args...)) // of strings there is no error
		return string(words) + "\n"
	}
	line := function
	for _, arg := range args {
		if shell == "fish" {
			line += " " + QuoteFish(arg)
		} else {
			line += " '" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
	}
	return line + "\n"
}
