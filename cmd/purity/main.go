// Purity runs commands confined to the runtime closure of a Nix dev shell.
//
// This package has the words, flags and exit codes. The packages nixeval (the
// environment), closure (the store paths) and enforce (the rights of a process)
// give them their meaning.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/cmd/purity/walls"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/enforce/selftest"
	"github.com/nix-purity/purity/nixeval"
)

// The main goroutine stays on the main thread, so that a watcher still knows the
// process when the command replaces purity.
func init() { runtime.LockOSThread() }

func main() { os.Exit(dispatch(os.Args)) }

func dispatch(args []string) int {
	for _, part := range []mode{runMode, selftest.StandIn} {
		if code, ok := part(args); ok {
			return code
		}
	}
	if dir, name, ok := shim.Called(args[0]); ok {
		if code, ok := walls.RunGit(dir, name, args[1:]); ok {
			return code
		}
		return runShim(dir, name, args[1:])
	}
	called := caller.Take() // before parse, which also takes flags from variables
	command, flags, err := parse(args[0], normalise(args[1:]))
	app := newApp(args, called, flags)
	code := 0
	if err != nil {
		code = app.fail(usageError(err))
	} else {
		code = app.exit(command(app))
	}
	if code != 0 && entersShell(args) {
		return endShell(app, code)
	}
	return code
}

// parse reads the command line.
//
// kong takes longer to learn all commands than purity takes to run one. So it learns only
// the one that the first word names, and not even exec if that is plain.
func parse(name string, args []string) (command func(*app) error, flags globals, err error) {
	if c, plain := plainExec(args); plain && !config.FromEnvironment() {
		return c.Run, globals{LogFormat: "text"}, nil
	}
	if len(args) == 1 && (args[0] == "on" || args[0] == "off") { // words of the hook's function
		return nil, flags, words.Hint(fmt.Errorf("turn confinement %s: this shell has no hook", args[0]), `in bash:  eval "$(purity hook bash)"`)
	}
	config.ForgetEmpty()
	var one struct{ globals }
	var all cli
	grammar, shared, known := any(&all), &all.globals, options(name)
	if command := alone(args[0]); command != nil {
		grammar, shared, known = &one, &one.globals, append(known, command)
	}
	parser, err := kong.New(grammar, known...)
	if err != nil {
		panic(err) // a wrong tag, which a test finds first
	}
	if slices.Contains(args, "--help") || slices.Contains(args, "-h") {
		grouped(parser.Model)
	}
	ctx, err := parser.Parse(args)
	return func(a *app) error { return ctx.Run(a) }, *shared, err
}

// plainExec returns purity exec if its flags are --flake and --level at most, and its command
// is after --. A test compares it with the command that kong makes.
func plainExec(args []string) (c *execCmd, plain bool) {
	if len(args) == 0 || args[0] != "exec" {
		return nil, false
	}
	c = &execCmd{}
	for args = args[1:]; len(args) > 2 && args[0] != "--"; args = args[2:] {
		_, level := host.FindLevel(args[1])
		switch {
		case args[0] == "--flake" && c.Flake == "" && args[1] != "" && args[1][0] != '-':
			c.Flake = args[1]
		case args[0] == "--level" && c.Level == "" && level:
			c.Level = args[1]
		default:
			return nil, false
		}
	}
	c.Command = args
	return c, len(args) > 1 && args[0] == "--"
}

// usageError replaces kong's usage text in a parse error by a hint: two lines
// say more.
func usageError(err error) error {
	var parse *kong.ParseError
	if !errors.As(err, &parse) {
		return err // not kong's
	}
	if parse.Context == nil {
		return words.Hint(err, "purity --help")
	}
	if parse.Context.Selected() == nil {
		if args := parse.Context.Args; len(args) > 0 && nixeval.Find(args[0], os.Getenv("PATH")) != "" {
			return words.Hint(err, "to run "+args[0]+" confined:  purity exec -- "+shell.Join(args...))
		}
		return words.Hint(err, "purity --help")
	}
	return words.Hint(errors.New(asGiven(parse)), "purity "+parse.Context.Selected().Path()+" --help")
}

// asGiven returns the text of a parse error, with the variable that has the value in place of
// its flag.
func asGiven(parse *kong.ParseError) string {
	text := strings.NewReplacer(`,"" but`, " but", `one of "",`, "one of ").Replace(parse.Error()) // nobody types the empty default
	for _, flag := range parse.Context.Flags() {
		rest, of := strings.CutPrefix(text, "--"+flag.Name+" ")
		if of && len(flag.Envs) > 0 && os.Getenv(flag.Envs[0]) != "" && !typed(parse.Context.Args, flag.Name) {
			text = flag.Envs[0] + " " + rest
		}
	}
	return text
}

// typed reports whether a command line has a flag. Else its value is that of a variable.
func typed(args []string, flag string) bool {
	return slices.ContainsFunc(args, func(arg string) bool {
		name, _, _ := strings.Cut(arg, "=")
		return name == "--"+flag
	})
}
