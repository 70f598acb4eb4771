package main

import (
	"fmt"
	"os"
	"path/filepath"
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
	p, err := a.prepare(c.Flake, c.source, c.Settings)
	if err == nil {
		fmt.Fprint(a.stdout, watchFiles(p.watchedByDirenv()))
		err = p.ready()
	}
	if err != nil {
		fmt.Fprintln(a.stdout, "return 1")
		return a.unconfined(err)
	}
	dir := filepath.Join(p.nix.ProjectDir(p.project.dir), "direnv-"+p.asked[:8])
	if err := p.loadShims(dir); err != nil {
		fmt.Fprintln(a.stdout, "return 1")
		return a.unconfined(err)
	}
	run := nixeval.Run{Home: p.home, Temp: os.TempDir(), Dir: p.project.cwd, Project: p.project.dir}
	fmt.Fprint(a.stdout, p.exports(dir, dataDirs(exported(p.env.Variables(run)))), "_purity_stay_first\n")
	return nil
}

// loadShims makes the shims of the environment that is asked for, or takes those
// from before: where nothing that defines it changed, where it changed and was not
// allowed yet, and where Nix fails.
func (p *plan) loadShims(dir string) error {
	permission, changed, err := permissionOf(p.project.dir)
	if err == nil && permission == config.Unknown {
		err = notAllowed(p.project.dir, permission, changed)
	}
	if err != nil {
		return err
	}
	before, err := p.shimsBefore(dir)
	if err == nil && permission == config.Changed {
		p.app.log.Warn().Str("hint", "look at it, then: purity allow").
			Msgf("%s changed since it was allowed, and the environment from before is in use", changed)
		return nil
	}
	if err == nil && before.Changed() == "" {
		return nil
	}
	made := p.evaluateAllowed(p.project.dir)
	if made == nil {
		_, made = p.makeShims(dir, shim.Set{Renewed: true, Renew: "direnv reload"})
	}
	if made == nil {
		return nil
	}
	if _, err := p.shimsBefore(dir); err != nil {
		return made
	}
	message, _, _ := explain(made)
	p.app.log.Warn().Msg("the environment from before stays: " + message)
	return nil
}

// shimsBefore has the environment be that of the shims that are there already. It is an
// error if there are none that would run.
func (p *plan) shimsBefore(dir string) (shim.Set, error) {
	set, err := shim.Read(dir)
	if err != nil {
		return set, err
	}
	env, ok := p.nix.Recall(p.project.dir, set.Entry)
	if !ok || shim.Of(dir) != executable() {
		return set, fmt.Errorf("use shims of %s: they are of another environment or another purity", dir)
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

// watchedByDirenv are the files that define the environment; where only Nix can tell,
// the file it begins with. The sources beside them change all the time.
func (p *plan) watchedByDirenv() []string {
	files, err := p.nix.Inputs(p.request)
	if err != nil || len(files) == 0 {
		files = []string{filepath.Join(p.project.dir, "flake.nix"), filepath.Join(p.project.dir, "flake.lock")}
		if p.request.File != "" {
			files = []string{p.request.File}
		}
	}
	var watched []string
	for _, s := range shim.Definition(files) {
		watched = append(watched, s.Path)
	}
	return watched[:min(len(watched), maxWatchedByDirenv)]
}

// maxWatchedByDirenv is how many files direnv is given to watch: it keeps their
// names and times in a variable, and one of 128 KiB is too long for Linux.
const maxWatchedByDirenv = 1500

func watchFiles(files []string) string {
	return "watch_file " + shell.Join(files...) + "\n"
}

// dataDirs has XDG_DATA_DIRS end with that of the shell, as nix develop does.
func dataDirs(environ []string) []string {
	for i, v := range environ {
		if dirs, ok := strings.CutPrefix(v, "XDG_DATA_DIRS="); ok {
			if outer := os.Getenv("XDG_DATA_DIRS"); outer != "" {
				dirs = strings.TrimPrefix(dirs+":"+outer, ":")
			}
			environ[i] = "XDG_DATA_DIRS=" + dirs
		}
	}
	return environ
}
