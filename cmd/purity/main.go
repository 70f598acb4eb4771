// Purity runs commands confined to the runtime closure of a Nix dev shell.
//
// This package is words, flags and exit codes; what they stand for is in the
// packages nixeval (which environment), closure (which store paths) and
// enforce (what a process may reach).
package main

import (
	"errors"
	"os"
	"runtime"

	"github.com/alecthomas/kong"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/enforce/outside"
	"github.com/nix-purity/purity/enforce/selftest"
	"github.com/nix-purity/purity/enforce/tempdir"
	"github.com/nix-purity/purity/enforce/view"
)

// Exit codes of purity itself; every other code is the command's.
const (
	exitFailure       = 125 // purity could not do what was asked, so nothing ran
	exitNotExecutable = 126 // the command was found but may not be or cannot be executed
	exitSick          = 1   // purity doctor found an error
	exitNotFound      = 127 // there is no such command in the environment
)

// The main goroutine stays on the main thread, so that the process keeps its
// identity for those who watch it when it is replaced by the command.
func init() { runtime.LockOSThread() }

func main() { os.Exit(run(os.Args)) }

func run(args []string) int {
	if code, ok := tempdir.RunSweeper(args); ok {
		return code
	}
	for _, part := range []func([]string) (int, bool){runHookPart, selftest.RunPart, outside.RunPart, view.RunPart, runContinue, runRenewal, runHookProcess, runComplete} {
		if code, ok := part(args); ok {
			return code
		}
	}
	if dir, name, ok := shim.Called(args[0]); ok {
		if code, ok := runGit(dir, name, args[1:]); ok {
			return code
		}
		return runShim(dir, name, args[1:])
	}
	calling, left := disown() // before the flags are read, which variables stand for, too
	command, flags, err := parse(args[0], normalise(args[1:]))
	app := newApp(flags)
	app.calling = calling
	app.disowned(left)
	code := 0
	if err != nil {
		code = app.fail(usageError(err))
	} else {
		code = app.exit(command(app))
	}
	if code != 0 && entersShell(args) {
		return app.endShell(code)
	}
	return code
}

// exit is the exit code that err stands for, if it is said.
func (a *app) exit(err error) int {
	var ended *endedError
	var code codeError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &ended):
		return ended.exit()
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, errSick):
		return exitSick
	default:
		return a.fail(err)
	}
}

// parse reads the command line.
//
// kong takes longer to learn all commands than purity to run one. So those that
// have to be quick are learnt alone where the first word says that they are meant,
// and exec not at all where no flag can be.
func parse(name string, args []string) (command func(*app) error, flags globals, err error) {
	if len(args) > 2 && args[0] == "exec" && args[1] == "--" && !config.FromEnvironment() {
		return plainExec(args[1:]).Run, globals{LogFormat: "text"}, nil
	}
	commands, shared := commandsFor(args[0])
	parser, err := kong.New(commands, options(name)...)
	if err != nil {
		panic(err) // a wrong tag, which a test finds first
	}
	ctx, err := parser.Parse(args)
	return func(a *app) error { return ctx.Run(a) }, *shared, err
}

// commandsFor are the commands that a command line beginning with word can mean, and
// the flags of all of them.
func commandsFor(word string) (commands any, shared *globals) {
	switch word {
	case "exec":
		var c execCLI
		return &c, &c.globals
	case "hook":
		var c hookCLI
		return &c, &c.globals
	}
	var c cli
	return &c, &c.globals
}

// plainExec is purity exec without any flag; a test holds it to what kong
// makes of that.
func plainExec(command []string) *execCmd {
	return &execCmd{Flake: ".", Command: command}
}

// usageError drops kong's usage text from a parse error: the error and a
// hint say more in two lines.
func usageError(err error) error {
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil && parse.Context.Selected() != nil {
		return &hintedError{err, "purity " + parse.Context.Selected().Path() + " --help"}
	}
	return &hintedError{err, "purity --help"}
}
