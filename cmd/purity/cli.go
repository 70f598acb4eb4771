package main

import (
	"cmp"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
)

// cli is the whole command line; each command is in a file of its name.
type cli struct {
	globals

	Exec       execCmd       `cmd:"" help:"Run a command confined to a dev environment."`
	Shell      shellCmd      `cmd:"" help:"Start an interactive shell in the same confinement."`
	Shims      shimsCmd      `cmd:"" help:"Make a directory for PATH through which each program of an environment runs confined."`
	Hook       hookCmd       `cmd:"" help:"Print the hook by which a shell confines the programs of projects it is in."`
	Which      whichCmd      `cmd:"" help:"Say what a name runs, and whether confined."`
	Audit      auditCmd      `cmd:"" help:"Watch a command without confining it, and report all it uses outside the environment."`
	Learn      learnCmd      `cmd:"" help:"Print the purity.toml that a command would need."`
	Trace      traceCmd      `cmd:"" help:"Run a command confined, and show what it uses."`
	DiffReport diffReportCmd `cmd:"" name:"diff-report" help:"Print what a later report has that an earlier one has not."`
	Closure    closureCmd    `cmd:"" help:"Show the store paths that a dev environment needs at run time."`
	Policy     policyCmd     `cmd:"" help:"Show what a confined command may reach, and why."`
	Explain    explainCmd    `cmd:"" help:"Say whether and why a path can be read, written or executed."`
	Config     configCmd     `cmd:"" help:"Check purity.toml, or print its schema."`
	Init       initCmd       `cmd:"" help:"Begin with a project: write purity.toml, and show what else confines it."`
	Allow      allowCmd      `cmd:"" help:"Let the purity.toml here be applied, as it is now."`
	Deny       denyCmd       `cmd:"" help:"Take that back."`
	Doctor     doctorCmd     `cmd:"" help:"Check whether kernel, Nix and project are ready for purity."`
	Selftest   selftestCmd   `cmd:"" help:"Attack this machine from inside a confinement, and show what is stopped."`
	GC         gcCmd         `cmd:"" name:"gc" help:"Drop what is cached for projects that are gone."`
	Version    versionCmd    `cmd:"" help:"Show the version of purity."`

	DirenvEnv  direnvEnvCmd  `cmd:"" name:"direnv-env" hidden:"" help:"Print what direnv evaluates."`
	Help       helpCmd       `cmd:"" help:"Explain a command or a topic, or list what there is help for."`
	Completion completionCmd `cmd:"" help:"Print the completions of a shell."`
}

// model is the whole command line, for those who speak of it.
func model() *kong.Application {
	parser, err := kong.New(&cli{}, options("purity")...)
	if err != nil {
		panic(err) // a wrong tag, which a test finds first
	}
	return parser.Model
}

// alone has kong know one command and no other; nil if none has that name.
func alone(name string) kong.Option {
	all := reflect.ValueOf(&cli{}).Elem()
	for i := range all.NumField() {
		tag := all.Type().Field(i).Tag
		if _, command := tag.Lookup("cmd"); command && cmp.Or(tag.Get("name"), strings.ToLower(all.Type().Field(i).Name)) == name {
			return kong.DynamicCommand(name, tag.Get("help"), "", all.Field(i).Addr().Interface())
		}
	}
	return nil
}

// normalise is for people who type what other tools accept: --version, and no
// command at all.
func normalise(args []string) []string {
	switch {
	case len(args) == 0:
		return []string{"--help"}
	case args[0] == "--version":
		return []string{"version"}
	}
	return args
}
