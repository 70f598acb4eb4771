package main

import (
	"context"
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
directory restores all. It is loaded again when a file changes that could change the
environment. Where Nix fails, the environment from before stays.`
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
	fmt.Fprint(a.stdout, p.exports(dir, dataDirs(p.env.Variables(run))), "_purity_stay_first\n")
	return nil
}

// loadShims makes the shims of the environment that is asked for, or takes those
// from before if there is none.
func (p *plan) loadShims(dir string) error {
	old, noOld := shim.Read(dir)
	err := p.resolve(context.Background())
	if err == nil && noOld == nil && old.Entry == p.env.Key() && old.Entry != "" && shim.Of(dir) == executable() {
		p.useHooked(old)
		return nil
	}
	if err == nil {
		_, err = p.makeShims(dir, shim.Set{Renewed: true, Renew: "direnv reload"})
	}
	if err == nil {
		return nil
	}
	env, ok := p.nix.Recall(p.project.dir, old.Entry)
	if noOld != nil || !ok {
		return err
	}
	message, _, _ := explain(err)
	p.app.log.Warn().Msg("the environment from before stays: " + message)
	p.env = env
	p.useHooked(old)
	return nil
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
	os.Setenv("PATH", a.path)
	return &enforce.ExecError{Path: file, Err: syscall.Exec(file, append([]string{name}, args...), os.Environ())}
}

// watchedByDirenv are the files by which the cache tells whether the environment
// is still the one that is asked for; where only Nix can, the file it begins with.
func (p *plan) watchedByDirenv() []string {
	files, err := p.nix.Inputs(p.request)
	if err != nil || len(files) == 0 {
		files = []string{filepath.Join(p.project.dir, "flake.nix"), filepath.Join(p.project.dir, "flake.lock")}
		if p.request.File != "" {
			files = []string{p.request.File}
		}
	}
	if len(files) > maxWatchedByDirenv {
		var few []string
		for _, s := range shim.Definition(files) {
			few = append(few, s.Path)
		}
		p.app.log.Debug().Msgf("direnv watches the %d files that define the environment, not all %d that are in it", len(few), len(files))
		files = few
	}
	return files
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
