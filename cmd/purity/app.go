package main

import (
	"errors"
	"fmt"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/launch"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/nixeval"
)

// app is the state of every command: its voice, and the call of purity.
type app struct {
	screen.Voice
	caller.Called
	args  []string // this program's, with its name
	store string   // the directory of the chroot store by flag, empty for none
}

// newApp returns the app of a call with flags.
func newApp(args []string, called caller.Called, g globals) *app {
	a := &app{Voice: screen.NewVoice(g.Verbose, g.Quiet, g.LogFormat == "json"), Called: called, args: args}
	for _, name := range a.Ignored {
		a.Log.Warn().Msgf("%s can come from the dev shell, so it opens nothing; flags and purity.toml do", name)
	}
	return a
}

// plainApp returns the app of a part of purity without flags.
func plainApp(args []string) *app { return newApp(args, caller.Take(), globals{LogFormat: "text"}) }

// quietApp returns the app of a part of purity without a reader.
func quietApp(args []string) *app {
	return newApp(args, caller.Take(), globals{Quiet: true, LogFormat: "text"})
}

// fail prints the error for which purity ends, and returns its exit code.
func (a *app) fail(err error) int {
	message, hint, code := words.Explain(err)
	event := a.Log.Error()
	if hint != "" {
		event = event.Str("hint", hint)
	}
	event.Msg(message)
	return code
}

// exit prints err, unless that was done already, and returns its exit code.
func (a *app) exit(err error) int {
	var ended *launch.EndedError
	var code codeError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &ended):
		return ended.Exit()
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, errSick):
		return exitSick
	default:
		return a.fail(err)
	}
}

// Exit codes of commands that find something.
const (
	exitSick          = 1 // of doctor and selftest
	exitImpure        = 1 // of audit and exec --fail: the command used more than is declared
	exitCommandFailed = 2 // of audit and learn: the command itself failed, so it may use more
)

// errSick ends commands that have printed each fault already.
var errSick = errors.New("something is in the way")

// codeError ends purity with an exit code and no message.
type codeError int

func (e codeError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// nix returns the Nix that commands ask for environments.
func (a *app) nix() (nixeval.Nix, error) {
	if a.store != "" {
		return confine.NixOf(a.Voice, a.store)
	}
	return confine.Nix(a.Voice)
}
