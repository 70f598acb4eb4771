package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/nixeval"
)

type direnvHookCmd struct{}

// Help is shown below the flags.
func (direnvHookCmd) Help() string {
	return `Then an .envrc has "use purity", or "use purity .#ci --level nix": a flake and the
flags of purity exec. direnv exports what the dev shell exports, with shims in front
of PATH in the place of its programs, so that these run confined; leaving the
directory restores all. Variables by which a shell, a loader or an interpreter runs
code are not exported: the programs get them from their shims.

The project must be allowed (purity allow). It is loaded again when a file changes that
defines the environment; that takes a new "purity allow", and until then, and where Nix
fails, the environment from before stays.`
}

// Run prints the library.
func (direnvHookCmd) Run(a *app) error { return a.printHook("direnv") }

// direnvEnvCmd is what the library asks for.
type direnvEnvCmd struct {
	Flake string `arg:"" optional:"" name:"ref" default:"." help:"Flake whose dev shell is meant."`
	source
	config.Settings
}

// Run prints what direnv's bash is to evaluate. Also where there is no environment
// direnv has to know which files could mend that.
func (c *direnvEnvCmd) Run(a *app) error {
	fmt.Fprint(a.stdout, watchFiles(append([]string{config.Name, trustDir()}, definitions...)))
	p, dir, err := c.load(a)
	if err != nil {
		fmt.Fprintln(a.stdout, "return 1")
		return a.unconfined(err)
	}
	run := nixeval.Run{Home: p.home, Temp: os.TempDir(), Dir: p.project.cwd, Project: p.project.dir}
	fmt.Fprint(a.stdout, p.exports(dir, exported(p.env.Variables(run))), "_purity_stay_first\n")
	return nil
}

// load returns the plan with the environment that is to be in use, and the directory of
// its shims. What a command did to files of the project, or removed, is no reason to leave
// an environment that was allowed: the next program would run unconfined.
func (c *direnvEnvCmd) load(a *app) (p *plan, dir string, err error) {
	nix, project, request, err := a.request(c.Flake, c.source)
	if err != nil {
		return nil, "", err
	}
	flags := settings{Effective: config.Merge(nil, c.Settings, project.cwd)}
	dir = filepath.Join(nix.ProjectDir(project.dir), "direnv-"+request.Identity("direnv", c.Config, flags.identity())[:8])
	before := &plan{app: a, nix: nix, project: project, request: request, flags: c.Settings, config: c.Config}
	set, noShims := before.shimsBefore(dir)
	fmt.Fprint(a.stdout, watchFiles(before.watchedByDirenv(set)))
	permission, changed, err := permissionOf(project.dir)
	switch {
	case err == nil && permission == config.Unknown:
		err = notAllowed(project.dir, permission, changed)
	case err == nil && permission == config.Changed && noShims == nil:
		a.log.Warn().Str("hint", "look at it, then: purity allow").
			Msgf("%s changed since it was allowed, and the environment from before is in use", changed)
		return before, dir, nil
	case err == nil && permission == config.Allowed && noShims == nil && set.Changed() == "":
		return before, dir, nil
	}
	if err != nil {
		return nil, "", err
	}
	if p, err = c.evaluate(a, dir); err == nil || noShims != nil {
		return p, dir, err
	}
	message, _, _ := explain(err)
	a.log.Warn().Msg("the environment from before stays: " + message)
	return before, dir, nil
}

// evaluate makes the shims of the environment that is asked for.
func (c *direnvEnvCmd) evaluate(a *app, dir string) (*plan, error) {
	p, err := a.prepare(c.Flake, c.source, c.Settings)
	if err == nil {
		err = p.ready()
	}
	if err == nil {
		err = p.evaluateAllowed(p.project.dir)
	}
	if err == nil {
		_, err = p.makeShims(dir, shim.Set{Renewed: true, Renew: "direnv reload"})
	}
	return p, err
}

// shimsBefore has the environment be that of the shims that are there already. It is an
// error if there are none that would run.
func (p *plan) shimsBefore(dir string) (shim.Set, error) {
	set, err := shim.Read(dir)
	if err != nil {
		return set, err
	}
	env, ok := p.nix.Recall(p.project.dir, set.Entry)
	if !ok {
		return set, fmt.Errorf("use shims of %s: their environment is gone", dir)
	}
	if err := takeOver(p.nix, dir, set, env); err != nil {
		return set, err
	}
	p.env = env
	p.useHooked(set)
	return set, nil
}

// loadsEnvrc reports whether a bash with args was started by direnv, to load an
// .envrc: direnv takes the bash in PATH, and what it loads is allowed or not by its
// own list. From inside a confinement nobody gets here.
func loadsEnvrc(args []string) bool {
	parent, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", os.Getppid()))
	program := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(parent), "."), "-wrapped") // as nixpkgs wraps
	return err == nil && program == "direnv" && len(args) == 2 && args[0] == "-c" && strings.Contains(args[1], "__main__")
}

// runOutside replaces purity by a program of that name as if there were no shims.
func (a *app) runOutside(name string, args []string) error {
	file := nixeval.Find(name, os.Getenv("PATH"))
	if file == "" {
		return &absentError{name: name, source: "this machine"}
	}
	return &enforce.ExecError{Path: file, Err: syscall.Exec(file, append([]string{name}, args...), a.calling)}
}

// watchedByDirenv are the files that define the environment and those that did when the
// shims were made; where only Nix can tell, the file it begins with. The sources beside
// them change all the time.
func (p *plan) watchedByDirenv(set shim.Set) []string {
	files, err := p.nix.Inputs(p.request)
	if err != nil || len(files) == 0 {
		files = []string{filepath.Join(p.project.dir, "flake.nix"), filepath.Join(p.project.dir, "flake.lock")}
		if p.request.File != "" {
			files = []string{p.request.File}
		}
	}
	var watched []string
	for _, s := range append(shim.Definition(files), set.Definition...) {
		if !slices.Contains(watched, s.Path) {
			watched = append(watched, s.Path)
		}
	}
	return watched[:min(len(watched), maxWatchedByDirenv)]
}

// maxWatchedByDirenv is how many files direnv is given to watch: it keeps their
// names and times in a variable, and one of 128 KiB is too long for Linux.
const maxWatchedByDirenv = 1500

func watchFiles(files []string) string {
	return "watch_file " + shell.Join(files...) + "\n"
}
