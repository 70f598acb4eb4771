package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/hook"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/nixeval"
)

type whichCmd struct {
	Program string `arg:"" optional:"" name:"prog" help:"Name of a program, or its file (default: lists what shims confine here)."`
}

// Help is shown below the flags.
func (whichCmd) Help() string {
	return `Says what the first program of that name in PATH is: a shim, and then which
program of the environment it runs confined, or else that it is not confined. A file
of the project that the hook of the shell has entered, or of the store, is confined
where it is typed.
The exit code is 0 if it is confined, 1 if it is not, 127 if there is none.

Without a name it lists the programs of the dev shell that are confined when you type
them, and those that are your own: what comes with each dev shell (cat, sed, tar) and is
not declared. In purity.toml, shims.add and shims.remove say otherwise.`
}

// Run says it.
func (c whichCmd) Run(a *app) error {
	if c.Program == "" {
		return whichAll(a)
	}
	file := c.Program
	if !strings.Contains(file, "/") {
		file = nixeval.Find(file, a.Path)
	}
	if _, err := os.Stat(file); err != nil {
		screen.Printf(a.Stdout, "%s: not in PATH\n", c.Program)
		return codeError(words.NotFound)
	}
	if confine.Inside() {
		screen.Printf(a.Stdout, "%s: %s, confined, as all is here\n", c.Program, file)
		return nil
	}
	nix, err := a.nix()
	if err != nil {
		return err
	}
	dir, name, ok := shim.At(file)
	if target, err := os.Readlink(filepath.Join(dir, name)); !ok || err != nil || target != shim.Of(dir) {
		return whichFile(a, nix, c.Program, file)
	}
	set, err := shim.Read(dir)
	if err != nil {
		return fmt.Errorf("use %s: %w", file, err)
	}
	if name == shim.ByPath {
		screen.Printf(a.Stdout, "%s: runs what its arguments say, confined in %s if it is in there or in the store\n", name, set.Request.Project)
		return codeError(1)
	}
	if slices.Contains(set.Outside, name) {
		return whichDriver(a, name)
	}
	ask, err := a.hooks().Ask(nix, set, dir, set.Request.Project)
	if err != nil {
		return err
	}
	from := a.hooks().FromShims(set, dir)
	if set.Entry == "" && set.Request.ClosureFile != "" { // a file that lists store paths
		from = confine.FromNix(a.Voice, true)
	}
	found, err := from(context.Background(), ask)
	if err != nil {
		return err
	}
	env := found.Env
	target := nixeval.Find(name, env.Path())
	if target == "" {
		screen.Printf(a.Stdout, "%s: not in the environment; its shim runs nothing\n", name)
		return codeError(words.NotFound)
	}
	how := "confined"
	if slices.Contains(set.Starters, name) {
		how = "confined where it starts something of the project; else it is your own"
	}
	screen.Printf(a.Stdout, "%s: %s, %s\n", name, target, how)
	screen.Printf(a.Stdout, "  environment  %s, %d store paths\n", env.Source, len(env.Paths))
	screen.Printf(a.Stdout, "  project      %s\n", set.Request.Project)
	screen.Printf(a.Stdout, "  shim         %s\n", filepath.Join(dir, name))
	return nil
}

// whichFile says of a file that is no shim whether the hook of the shell would confine
// it.
func whichFile(a *app, nix nixeval.Nix, typed, file string) error {
	project := os.Getenv(caller.Project)
	if project != "" && strings.Contains(typed, "/") && (hook.ByPath{Project: project, Store: nix.StoreDir()}).Confines(file) {
		screen.Printf(a.Stdout, "%s: %s, confined where it is typed in a shell with purity's hook\n", typed, file)
		return nil
	}
	why := ""
	if dir := hook.ShimsIn(a.Path); dir != "" {
		set, err := shim.Read(dir)
		switch {
		case err != nil || !slices.Contains(set.Own, typed):
		case slices.Contains(set.Choice.Remove, typed):
			why = ": your own, as shims.remove says"
		default:
			why = ": your own; the dev shell has one that it does not declare"
		}
	}
	screen.Printf(a.Stdout, "%s: %s, not confined%s\n", typed, file, why)
	return codeError(1)
}

// whichAll lists what the shims in PATH confine.
func whichAll(a *app) error {
	if confine.Inside() {
		screen.Printf(a.Stdout, "all programs are confined here\n")
		return nil
	}
	dir := hook.ShimsIn(a.Path)
	if dir == "" {
		screen.Printf(a.Stdout, "there are no shims in PATH: nothing is confined\n")
		return codeError(1)
	}
	set, err := shim.Read(dir)
	if err != nil {
		return err
	}
	confined := slices.DeleteFunc(shim.Programs(dir), func(name string) bool {
		return slices.Contains(set.Outside, name) || slices.Contains(set.Starters, name)
	})
	for _, part := range []struct {
		what  string
		names []string
	}{
		{"confined in " + set.Request.Project, confined},
		{"confined where they start something of the project", set.Starters},
		{"your own when you type them", set.Own},
	} {
		if len(part.names) > 0 {
			screen.Printf(a.Stdout, "%s, %d:\n  %s\n", part.what, len(part.names), strings.Join(part.names, " "))
		}
	}
	return nil
}

// whichDriver says where a program runs that has a shim but is not confined.
func whichDriver(a *app, name string) error {
	files, err := hook.Driver(name)
	if err != nil {
		screen.Printf(a.Stdout, "%s: not in PATH\n", name)
		return codeError(words.NotFound)
	}
	screen.Printf(a.Stdout, "%s: %s, not confined: it drives Nix\n", name, files[len(files)-1])
	return codeError(1)
}
