package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
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
	Program string `arg:"" optional:"" name:"prog" help:"Name or path of a program (default: list the programs that shims confine here)."`
	JSON    bool   `name:"json" help:"Print JSON, for one program."`
}

// Help is shown below the flags.
func (whichCmd) Help() string {
	return `Prints the first program of that name in PATH. If it is a shim, which prints the program
of the environment that it runs confined; else that it is not confined. The hook of the
shell confines a file of the project that it has entered, or of the store, if you run
it by path.
The exit code is 0 if it is confined, 1 if it is not, 127 if there is none.

Without a name, which lists the programs of the dev shell that run confined when you type
them, and those that are your own: programs that come with each dev shell (cat, grep,
tar) and are not declared. shims.add and shims.remove in purity.toml change the lists.`
}

// Run says it.
func (c whichCmd) Run(a *app) error {
	if c.Program == "" && c.JSON {
		return words.Hint(errors.New("print JSON: name a program"), "purity which --json make")
	}
	if c.Program == "" {
		return whichAll(a)
	}
	answer, err := c.answer(a)
	if err != nil {
		return err
	}
	answer.Version, answer.Name = formVersion, cmp.Or(answer.Name, c.Program)
	if c.JSON {
		err = screen.PrintJSON(a.Stdout, answer)
	} else {
		answer.print(a.Stdout)
	}
	switch {
	case err != nil || answer.Confined:
		return err
	case answer.File == "":
		return codeError(words.NotFound)
	}
	return codeError(1)
}

// print says an answer to people.
func (w whichJSON) print(out io.Writer) {
	says := w.Why
	if w.File != "" {
		says = w.File + ", " + says
	}
	screen.Printf(out, "%s: %s\n", w.Name, says)
	if w.Environment != "" {
		screen.Printf(out, "  environment  %s, %d store paths\n", w.Environment, w.StorePaths)
		screen.Printf(out, "  project      %s\n", w.Project)
		screen.Printf(out, "  shim         %s\n", w.Shim)
	}
}

const notInPath = "not in PATH"

func (c whichCmd) answer(a *app) (whichJSON, error) {
	file := c.Program
	if !strings.Contains(file, "/") {
		file = nixeval.Find(file, a.Path)
	}
	if _, err := os.Stat(file); err != nil {
		return whichJSON{Why: notInPath}, nil
	}
	if confine.Inside() {
		return whichJSON{File: file, Confined: true, Why: "confined, as all is here"}, nil
	}
	nix, err := a.nix()
	if err != nil {
		return whichJSON{}, err
	}
	dir, name, ok := shim.At(file)
	if target, err := os.Readlink(filepath.Join(dir, name)); !ok || err != nil || target != shim.Of(dir) {
		return whichFile(nix, a.Path, c.Program, file), nil
	}
	set, err := shim.Read(dir)
	if err != nil {
		return whichJSON{}, fmt.Errorf("use %s: %w", file, err)
	}
	if name == shim.ByPath {
		return whichJSON{Name: name, File: file, Why: "runs its arguments, confined in " + set.Request.Project + " if it is in there or in the store"}, nil
	}
	if slices.Contains(set.Outside, name) {
		return whichDriver(name), nil
	}
	return whichShim(a, nix, set, dir, name)
}

// whichShim names the program of a shim.
func whichShim(a *app, nix nixeval.Nix, set shim.Set, dir, name string) (whichJSON, error) {
	ask, err := a.hooks().Ask(nix, set, dir, set.Request.Project)
	if err != nil {
		return whichJSON{}, err
	}
	from := a.hooks().FromShims(set, dir)
	if set.Entry == "" && set.Request.ClosureFile != "" { // a file that lists store paths
		from = confine.FromNix(a.Voice, true)
	}
	found, err := from(context.Background(), ask)
	if err != nil {
		return whichJSON{}, err
	}
	env := found.Env
	target := nixeval.Find(name, env.Path())
	if target == "" {
		return whichJSON{Name: name, Why: "not in the environment; its shim runs nothing"}, nil
	}
	why := "confined"
	if slices.Contains(set.Starters, name) {
		why = "confined where it starts something of the project; else it is your own"
	}
	return whichJSON{
		Name: name, File: target, Confined: true, Why: why,
		Environment: env.Source, StorePaths: len(env.Paths), Project: set.Request.Project, Shim: filepath.Join(dir, name),
	}, nil
}

// whichFile says of a file that is no shim whether the hook of the shell would confine
// it.
func whichFile(nix nixeval.Nix, path, typed, file string) whichJSON {
	project := os.Getenv(caller.Project)
	if project != "" && strings.Contains(typed, "/") && (hook.ByPath{Project: project, Store: nix.StoreDir()}).Confines(file) {
		return whichJSON{File: file, Confined: true, Why: "confined if run by path in a shell with purity's hook"}
	}
	why := "not confined"
	if dir := hook.ShimsIn(path); dir != "" {
		set, err := shim.Read(dir)
		switch {
		case err != nil || !slices.Contains(set.Own, typed):
		case slices.Contains(set.Choice.Remove, typed):
			why += ": your own, as shims.remove says"
		default:
			why += ": your own; the dev shell has one that it does not declare"
		}
	}
	return whichJSON{File: file, Why: why}
}

// whichAll lists the programs that the shims in PATH confine.
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
func whichDriver(name string) whichJSON {
	files, err := hook.Driver(name)
	if err != nil {
		return whichJSON{Name: name, Why: notInPath}
	}
	return whichJSON{Name: name, File: files[len(files)-1], Why: "not confined: it drives Nix"}
}
