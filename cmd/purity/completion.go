package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help is shown below the flags.
func (completionCmd) Help() string {
	return `In a shell's start-up file: eval "$(purity completion bash)", the same for zsh,
or for fish: purity completion fish | source`
}

// Run prints completions made from the very definition of the command line.
func (c completionCmd) Run(a *app) error {
	if c.Shell == "fish" {
		writeFish(a.stdout, model())
		return nil
	}
	if c.Shell == "zsh" {
		fmt.Fprintln(a.stdout, "autoload -U +X compinit bashcompinit && compinit && bashcompinit")
	}
	writeBash(a.stdout, model())
	return nil
}

// writeBash completes commands, then flags, then files.
func writeBash(out io.Writer, model *kong.Application) {
	var names []string
	var cases strings.Builder
	for _, command := range model.Children {
		names = append(names, command.Name)
		var flags []string
		for _, f := range append(command.Flags, model.Flags...) {
			flags = append(flags, "--"+f.Name)
		}
		fmt.Fprintf(&cases, "        %s) flags='%s' ;;\n", command.Name, strings.Join(flags, " "))
	}
	fmt.Fprintf(out, `_purity() {
  local word=${COMP_WORDS[COMP_CWORD]} flags=
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '%s' -- "$word"))
    return
  fi
  case $word in
    -*)
      case ${COMP_WORDS[1]} in
%s      esac
      COMPREPLY=($(compgen -W "$flags" -- "$word")) ;;
  esac
}
complete -o default -F _purity purity
`, strings.Join(names, " "), cases.String())
}

func writeFish(out io.Writer, model *kong.Application) {
	quote := func(s string) string { return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'" }
	for _, command := range model.Children {
		fmt.Fprintf(out, "complete -c purity -n __fish_use_subcommand -f -a %s -d %s\n", command.Name, quote(command.Help))
		for _, f := range append(command.Flags, model.Flags...) {
			argument := " -r"
			if f.IsBool() {
				argument = ""
			}
			fmt.Fprintf(out, "complete -c purity -n '__fish_seen_subcommand_from %s' -l %s%s -d %s\n", command.Name, f.Name, argument, quote(f.Help))
		}
	}
}
