package main

import (
	"github.com/nix-purity/purity/enforce/outside"
	"github.com/nix-purity/purity/enforce/selftest"
	"github.com/nix-purity/purity/enforce/tempdir"
)

// Hidden first arguments by which purity, or a hook that it printed, starts purity for
// one part of its work. Each begins with __, so that none is a word of a program that a
// shim runs; the command line does not know them, because to learn it takes too long.
const (
	completeWord = "__complete"      // bash BREAKS LINE, or zsh or fish and the WORDS up to the cursor
	continueWord = "__continue"      // answers what a watched command left behind
	hookWord     = "__run-hook"      // SET: runs a shellHook, confined, and prints what it leaves behind
	envWord      = "__hook-env"      // SHELL KEY SAID: what to evaluate in the working directory
	lineWord     = "__hook-line"     // SHELL LINE: the line with programs named by path confined
	startWord    = "__start-renewal" // DIR: starts a renewal and ends, so that nobody has a child that it did not start
	renewWord    = "__renew"         // DIR: makes shims anew
)

// A mode does its part if args, the first of which is the program, are those of it.
type mode func(args []string) (code int, ok bool)

// modes are all of them, by their words.
func modes() map[string]mode {
	all := map[string]mode{
		completeWord: runComplete, continueWord: runContinue, hookWord: runHookProcess,
		envWord: runHookEnv, lineWord: runHookLine, startWord: runStartRenewal, renewWord: runRenewal,
		outside.Word: outside.RunPart, tempdir.Word: tempdir.RunSweeper,
	}
	for _, word := range selftest.Words {
		all[word] = selftest.RunPart
	}
	return all
}

// runMode does the part of purity that the first argument names, if it names one.
func runMode(args []string) (code int, ok bool) {
	if len(args) < 2 {
		return 0, false
	}
	part := modes()[args[1]]
	if part == nil {
		return 0, false
	}
	return part(args)
}
