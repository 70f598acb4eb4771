package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/complete"
	"github.com/nix-purity/purity/cmd/purity/hook"
	"github.com/nix-purity/purity/cmd/purity/programs"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/watch"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce/outside"
	"github.com/nix-purity/purity/enforce/selftest"
	"github.com/nix-purity/purity/enforce/tempdir"
	"github.com/nix-purity/purity/enforce/view"
	"github.com/nix-purity/purity/nixeval"
)

// Hidden first arguments with which purity's hooks start it. They are no commands of kong,
// which takes too long to learn those.
const (
	completeWord = "__purity-complete" // bash BREAKS LINE, or zsh or fish and the WORDS up to the cursor
	promptWord   = "__hook-env"        // SHELL KEY SAID SIGN TOLD: the code to evaluate in the working directory
	lineWord     = "__hook-line"       // SHELL LINE: the line with programs named by path confined
)

// A mode does its part of purity if args are for it. The first of them is the program.
type mode func(args []string) (code int, ok bool)

// modes returns the parts for which purity starts itself, or a hook starts it, by their first
// arguments. Shims look here too, so these must not be first arguments of other programs:
// many have __complete.
func modes() map[string]mode {
	all := map[string]mode{
		completeWord:       runComplete,
		promptWord:         runPrompt,
		lineWord:           runLine,
		programs.HookWord:  with(func(args []string, set string) int { a := plainApp(args); return a.exit(a.hooks().RunHook(set)) }),
		programs.RenewWord: with(func(args []string, dir string) int { a := quietApp(args); return a.exit(a.hooks().Renew(dir)) }),
		programs.StartWord: with(func(_ []string, dir string) int { return failed(programs.StartRenewal(dir)) }),
		watch.Word:         watch.Continue,
		outside.Word:       outside.RunPart,
		tempdir.Word:       tempdir.RunSweeper,
		view.Word:          view.RunPart,
	}
	for _, word := range selftest.Words {
		all[word] = selftest.RunPart
	}
	return all
}

// runMode runs the mode that the first argument names, if there is one.
func runMode(args []string) (code int, ok bool) {
	if len(args) < 2 || !strings.HasPrefix(args[1], "__") {
		return 0, false
	}
	part := modes()[args[1]]
	if part == nil {
		return 0, false
	}
	return part(args)
}

// with returns a mode with one argument.
func with(run func(args []string, argument string) int) mode {
	return func(args []string) (code int, ok bool) {
		if len(args) != 3 {
			return 0, false
		}
		return run(args, args[2]), true
	}
}

// failed returns the exit code of a mode without a reader.
func failed(err error) int {
	if err != nil {
		return words.Failure
	}
	return 0
}

// runPrompt runs purity for a shell at its prompt.
func runPrompt(args []string) (code int, ok bool) {
	if len(args) < 5 {
		return 0, false
	}
	a := plainApp(args)
	more := append(args[5:len(args):len(args)], "", "") // fish gives no empty words
	p := hook.Prompt{Call: a.hooks(), Shell: args[2], Key: args[3], Said: args[4], Sign: more[0] != "", Told: more[1]}
	fmt.Fprint(a.Stdout, p.Here())
	return 0, true
}

// runLine runs purity for a shell that is about to run a line.
func runLine(args []string) (code int, ok bool) {
	if len(args) != 4 {
		return 0, false
	}
	return hook.Line(plainApp(args).Voice, args[2], args[3]), true
}

// runShim runs the program that a shim stands for.
func runShim(dir, name string, args []string) int {
	a := plainApp(append([]string{filepath.Join(dir, name)}, args...))
	return a.exit(a.shim(dir, name, args))
}

func (a *app) shim(dir, name string, args []string) error {
	s, err := a.hooks().Shim(dir, name, args)
	if err != nil {
		return err
	}
	return run{app: a, ask: s.Ask, from: s.From, command: s.Command, shim: true}.execute()
}

// runComplete runs purity for a shell that completes a word.
func runComplete(args []string) (code int, ok bool) {
	if len(args) < 5 {
		return 0, false
	}
	typed, at := args[3:], shell.Cursor{}
	switch last := len(typed) - 1; args[2] {
	case "bash":
		typed, at = shell.ReadLine(args[4], args[3])
	case "fish": // gives the last word as it is typed
		word, _ := shell.ReadLine(typed[last], "")
		typed[last] = word[len(word)-1]
	}
	if len(typed) < 2 {
		return words.Failure, true
	}
	a, m := quietApp(args), model()
	here := complete.Here{Voice: a.Voice, Path: a.Path, Manual: theManual(m), Remembered: func(l *complete.Line) (nixeval.Environment, bool) { return remembered(a, l) }}
	answer := complete.Read(m, typed[1:]).Answer(here.Sources())
	choices := make([]shell.Choice, len(answer.Candidates))
	for i, c := range answer.Candidates {
		choices[i] = shell.Choice{Word: c.Value, Help: c.Help}
	}
	fmt.Fprint(a.Stdout, shell.Choices(args[2], at, string(answer.Paths), answer.Prefix, choices))
	return 0, true
}
