package main

import (
	"cmp"
	"context"
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
	Program string `arg:"" name:"prog" help:"Name of a program, or its file."`
	JSON    bool   `name:"json" help:"Print JSON."`
}

// Help is shown below the flags.
func (whichCmd) Help() string {
	return `Says what the first program of that name in PATH is: a shim, and then which
program of the environment it runs confined, or else that it is not confined. A file
of the project that the hook of the shell has entered, or of the store, is confined
where it is typed.
The exit code is 0 if it is confined, 1 if it is not, 127 if there is none.`
}

// Run says it.
func (c whichCmd) Run(a *app) error {
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
		return whichFile(nix, c.Program, file), nil
	}
	set, err := shim.Read(dir)
	if err != nil {
		return whichJSON{}, fmt.Errorf("use %s: %w", file, err)
	}
	if name == shim.ByPath {
		return whichJSON{Name: name, File: file, Why: "runs what its arguments say, confined in " + set.Request.Project + " if it is in there or in the store"}, nil
	}
	if slices.Contains(set.Outside, name) {
		return whichDriver(name), nil
	}
	return whichShim(a, nix, set, dir, name)
}

// whichShim says what a shim runs.
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
	return whichJSON{
		Name: name, File: target, Confined: true, Why: "confined",
		Environment: env.Source, StorePaths: len(env.Paths), Project: set.Request.Project, Shim: filepath.Join(dir, name),
	}, nil
}

// whichFile says of a file that is no shim whether the hook of the shell would confine
// it.
func whichFile(nix nixeval.Nix, typed, file string) whichJSON {
	project := os.Getenv(caller.Project)
	if project != "" && strings.Contains(typed, "/") && (hook.ByPath{Project: project, Store: nix.StoreDir()}).Confines(file) {
		return whichJSON{File: file, Confined: true, Why: "confined where it is typed in a shell with purity's hook"}
	}
	return whichJSON{File: file, Why: "not confined"}
}

// whichDriver says where a program runs that has a shim but is not confined.
func whichDriver(name string) whichJSON {
	files, err := hook.Driver(name)
	if err != nil {
		return whichJSON{Name: name, Why: notInPath}
	}
	return whichJSON{Name: name, File: files[len(files)-1], Why: "not confined: it drives Nix"}
}
