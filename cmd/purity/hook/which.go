package hook

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/programs"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/nixeval"
)

// Answer is the program that runs by a name, and whether confined; it is the form of purity which --json.
type Answer struct {
	Version     int    `json:"version" doc:"Of this form."`
	Name        string `json:"name" doc:"Name that the caller gave."`
	File        string `json:"file,omitempty" doc:"The file that runs; none where there is no such program."`
	Confined    bool   `json:"confined" doc:"Whether it runs confined."`
	Why         string `json:"why" doc:"Why it is confined, or is not."`
	Environment string `json:"environment,omitempty" doc:"The environment that it runs in."`
	StorePaths  int    `json:"storePaths,omitempty" doc:"How many store paths that has."`
	Project     string `json:"project,omitempty" doc:"The project that it runs in."`
	Shim        string `json:"shim,omitempty" doc:"The shim that runs it."`
}

// Print says an answer to people.
func (w Answer) Print(out io.Writer) {
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

// Which looks up a program that is typed so, a name or a file.
func Which(h programs.Call, typed string) (Answer, error) {
	file := typed
	if !strings.Contains(file, "/") {
		file = nixeval.Find(file, h.Path)
	}
	if _, err := os.Stat(file); err != nil {
		return Answer{Why: notInPath}, nil
	}
	if confine.Inside() {
		return Answer{File: file, Confined: true, Why: "confined, as all is here"}, nil
	}
	nix, err := confine.Nix(h.Voice)
	if err != nil {
		return Answer{}, err
	}
	dir, name, ok := shim.At(file)
	if target, err := os.Readlink(filepath.Join(dir, name)); !ok || err != nil || target != shim.Of(dir) {
		return whichFile(nix, h.Path, typed, file), nil
	}
	set, err := shim.Read(dir)
	if err != nil {
		return Answer{}, fmt.Errorf("use %s: %w", file, err)
	}
	if name == shim.ByPath {
		return Answer{Name: name, File: file, Why: "runs its arguments, confined in " + set.Request.Project + " if it is in there or in the store"}, nil
	}
	if slices.Contains(set.Outside, name) {
		return whichDriver(name), nil
	}
	if nix, err = programs.NixOf(h.Voice, set); err != nil {
		return Answer{}, err
	}
	return whichShim(h, nix, set, dir, name)
}

// whichShim names the program of a shim.
func whichShim(h programs.Call, nix nixeval.Nix, set shim.Set, dir, name string) (Answer, error) {
	ask, err := h.Ask(nix, set, dir, set.Request.Project)
	if err != nil {
		return Answer{}, err
	}
	from := h.FromShims(set, dir)
	if set.Entry == "" && set.Request.ClosureFile != "" { // a file that lists store paths
		from = confine.FromNix(h.Voice, true)
	}
	found, err := from(context.Background(), ask)
	if err != nil {
		return Answer{}, err
	}
	env := found.Env
	target := nixeval.Find(name, env.Path())
	if target == "" {
		return Answer{Name: name, Why: "not in the environment; its shim runs nothing"}, nil
	}
	why := "confined"
	if slices.Contains(set.Starters, name) {
		why = "confined where it starts something of the project; else it is your own"
	}
	return Answer{
		Name: name, File: target, Confined: true, Why: why,
		Environment: env.Source, StorePaths: len(env.Paths), Project: set.Request.Project, Shim: filepath.Join(dir, name),
	}, nil
}

// whichFile says of a file that is no shim whether the hook of the shell would confine
// it.
func whichFile(nix nixeval.Nix, path, typed, file string) Answer {
	project := os.Getenv(caller.Project)
	if project != "" && strings.Contains(typed, "/") && (programs.ByPath{Project: project, Store: nix.StoreDir()}).Confines(file) {
		return Answer{File: file, Confined: true, Why: "confined if run by path in a shell with purity's hook"}
	}
	why := "not confined"
	if dir := programs.ShimsIn(path); dir != "" {
		set, err := shim.Read(dir)
		switch {
		case err != nil || !slices.Contains(set.Own, typed):
		case slices.Contains(set.Choice.Remove, typed):
			why += ": your own, as shims.remove says"
		default:
			why += ": your own; the dev shell has one that it does not declare"
		}
	}
	return Answer{File: file, Why: why}
}

// whichDriver says where a program runs that has a shim but is not confined.
func whichDriver(name string) Answer {
	files, err := programs.Driver(name)
	if err != nil {
		return Answer{Name: name, Why: notInPath}
	}
	return Answer{Name: name, File: files[len(files)-1], Why: "not confined: it drives Nix"}
}
