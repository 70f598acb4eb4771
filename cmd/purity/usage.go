package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/launch"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/words"
)

// commandLine returns the command given to a command of purity. The error for an unknown
// flag suggests -- before the command, or the nearest flag.
func commandLine(typed, given []string, of string) ([]string, error) {
	command, err := launch.CommandLine(given, of)
	if err == nil || len(given) == 0 || !strings.HasPrefix(given[0], "-") || given[0] == "--" {
		return command, err
	}
	err = fmt.Errorf("read command line: unknown flag %s", given[0])
	// The typed flag is -j2, where kong has read -j and 2.
	from := slices.IndexFunc(typed, func(word string) bool { return strings.HasPrefix(word, given[0]) })
	if from > 0 && !strings.HasPrefix(given[0], "--") {
		typed = typed[from:]
		if at := slices.IndexFunc(typed, func(word string) bool { return !strings.HasPrefix(word, "-") }); at > 0 {
			meant := slices.Concat([]string{"purity", of, "--", typed[at]}, typed[:at], typed[at+1:])
			return nil, words.Hint(err, "put -- before the command, and its flags after it:  "+shell.Join(meant...))
		}
	}
	return nil, words.Hint(err, nearestFlag(given[0], of))
}

// nearestFlag returns a hint for a flag that a command of purity does not have.
func nearestFlag(flag, of string) string {
	name, _, _ := strings.Cut(strings.TrimLeft(flag, "-"), "=")
	var names []string
	for _, n := range model().Leaves(false) {
		if n.Path() == of {
			for _, flags := range n.AllFlags(true) {
				for _, f := range flags {
					names = append(names, f.Name)
				}
			}
		}
	}
	if positive, not := strings.CutPrefix(name, "no-"); not && slices.Contains(names, positive) {
		return "did you mean --" + positive + "=false?"
	}
	if nearest := config.Nearest(name, names); nearest != "" && len(name) > 1 {
		return "did you mean --" + nearest + "?"
	}
	return "purity " + of + " --help"
}

// oneSource returns an error if the command line names a flake and another environment, or an
// attribute of none.
func oneSource(ref string, s source) error {
	if s.Attr != "" && s.File == "" {
		return words.Hint(fmt.Errorf("use --attr %s: it is an attribute of --file, and none is given", s.Attr), "for a flake:  --flake "+shell.Quote(".#"+s.Attr))
	}
	for flag, given := range map[string]bool{"--file": s.File != "", "--root": len(s.Root) > 0, "--closure-file": s.ClosureFile != "", "--from-env": s.FromEnv} {
		if given && ref != "." && ref != "" {
			return words.Hint(fmt.Errorf("use %s and %s: two environments are named", ref, flag), "leave one of them out")
		}
	}
	return nil
}

// grouped makes help show flags in the groups of the manual, with rare ones last. It hides
// flags that mean nothing to a command.
func grouped(of *kong.Application) {
	m := theManual(of)
	for _, n := range of.Leaves(false) {
		for _, f := range n.Flags {
			title := m.GroupOf(n, f)
			switch {
			case f.Tag.Has("machines"):
				title = "For builders and process managers"
			case f.Tag.Has("shells") && !slices.Contains([]string{"shims", "enter-shell", "direnv-env"}, n.Name):
				f.Hidden = true
			}
			if title != "" {
				f.Group = &kong.Group{Key: title, Title: title + ":"}
			}
		}
	}
	for _, f := range of.Flags {
		f.Group = &kong.Group{Key: "every", Title: "Every command:"}
	}
}
