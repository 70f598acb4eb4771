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

	"github.com/nix-purity/purity/enforce"
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
	if code, ok := enforce.RunSweeper(args); ok {
		return code
	}
	var c cli
	parser, err := kong.New(&c, options(args[0])...)
	if err != nil {
		panic(err) // a wrong tag on cli, which a test finds first
	}
	ctx, err := parser.Parse(normalise(args[1:]))
	app := newApp(c.globals)
	if err != nil {
		return app.fail(usageError(err))
	}
	switch err := ctx.Run(app); {
	case err == nil:
		return 0
	case errors.Is(err, errSick):
		return exitSick
	default:
		return app.fail(err)
	}
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
