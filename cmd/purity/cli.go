package main

import (
	"cmp"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
)

// cli is the whole command line; each command has a file of its name.
type cli struct {
	globals

	Exec       execCmd       `cmd:"" help:"Run a command confined to a dev environment."`
	Shell      shellCmd      `cmd:"" help:"Start an interactive shell confined to a dev environment."`
	Shims      shimsCmd      `cmd:"" help:"Make a directory for PATH whose links run the programs of an environment confined."`
	Hook       hookCmd       `cmd:"" help:"Print the hook by which a shell confines the programs of its project."`
	Which      whichCmd      `cmd:"" help:"Print the program that a name runs, and whether purity confines it."`
	Audit      auditCmd      `cmd:"" help:"Watch a command without confining it; list everything it uses from outside, and declared packages it never uses."`
	Learn      learnCmd      `cmd:"" help:"Print the purity.toml under which a command would pass."`
	Trace      traceCmd      `cmd:"" help:"Run a command confined, and print each file and program as it is used."`
	DiffReport diffReportCmd `cmd:"" name:"diff-report" help:"Show the findings that are new in a later report."`
	Closure    closureCmd    `cmd:"" help:"Show the store paths that a dev environment needs at run time."`
	Policy     policyCmd     `cmd:"" help:"Print each grant of a confined command, with its reason."`
	Explain    explainCmd    `cmd:"" help:"Say whether and why a confined command can read, write or execute a path."`
	Config     configCmd     `cmd:"" help:"Check purity.toml, or print its schema."`
	Init       initCmd       `cmd:"" help:"Set up a project: write purity.toml and print the lines that turn purity on."`
	Allow      allowCmd      `cmd:"" help:"Allow the purity.toml and the dev shell of a project, as they are now."`
	Deny       denyCmd       `cmd:"" help:"Revoke the permission that purity allow gave to a project."`
	Doctor     doctorCmd     `cmd:"" help:"Check whether kernel, Nix and project are ready for purity."`
	Selftest   selftestCmd   `cmd:"" help:"Attack this machine from inside a confinement, and print the attacks that succeed."`
	GC         gcCmd         `cmd:"" name:"gc" help:"Remove cached environments and private HOMEs of projects that are gone."`
	Version    versionCmd    `cmd:"" help:"Show the version of purity."`

	DirenvEnv  direnvEnvCmd  `cmd:"" name:"direnv-env" hidden:"" help:"Print the lines that direnv evaluates."`
	Help       helpCmd       `cmd:"" help:"Explain a command or a topic, or list all of them."`
	Completion completionCmd `cmd:"" help:"Print the completions of a shell."`
}

// model returns the whole command line, for manual and hints.
func model() *kong.Application {
	parser, err := kong.New(&cli{}, options("purity")...)
	if err != nil {
		panic(err) // a wrong tag, which a test finds first
	}
	return parser.Model
}

// alone returns the option by which kong knows one command alone; nil if none has that name.
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

// normalise translates the habits of other tools: --version, and no command
// at all.
func normalise(args []string) []string {
	switch {
	case len(args) == 0:
		return []string{"--help"}
	case args[0] == "--version":
		return []string{"version"}
	}
	return args
}
