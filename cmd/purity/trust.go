package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/allow"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/hook"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/show"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
)

type allowCmd struct {
	Dir string `arg:"" optional:"" name:"path" default:"." type:"path" help:"Directory of the project, or the path of its purity.toml."`
}

// Help is shown below the flags.
func (allowCmd) Help() string {
	return `Allows two things for the project here, as it is now; an edit revokes both. First, its
purity.toml may open more than the default policy: a project from a stranger could open
your files otherwise. In CI, set PURITY_TRUST to the printed hash, which is that of
sha256sum. Second, shell hooks and direnv may evaluate its flake.nix (or shell.nix) and
put its environment in front of PATH.`
}

// Run shows the grants of the file and remembers the permission.
func (c allowCmd) Run(a *app) error {
	path := enforce.Real(c.Dir)
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("allow project: %w", err)
	}
	list, err := allow.Open()
	if err != nil {
		return err
	}
	dir := ""
	if info.IsDir() {
		if dir = config.ProjectOf(path); dir == "" && exists(filepath.Join(path, ".envrc")) {
			dir = path // its environment is elsewhere
		}
	}
	file, err := config.ReadAt(c.Dir)
	switch {
	case err != nil && !errors.Is(err, config.ErrNone):
		return err
	case err != nil && dir == "":
		return words.Hint(fmt.Errorf("allow project: there is no flake.nix, shell.nix or %s in %s or above", config.Name, path), "go to the project, or begin one with purity init")
	}
	if file != nil {
		if err := allowFile(a, list, file); err != nil {
			return err
		}
	}
	if dir == "" {
		return nil
	}
	names, err := hook.Allow(a.hooks(), list, dir)
	if err != nil {
		return err
	}
	screen.Printf(a.Stdout, "allowed %s to be entered by shells: %s\n", dir, strings.Join(names, ", "))
	return nil
}

// allowFile allows a file with the symbolic links that its paths pass through, and prints
// the grants of the file beyond the default and beyond narrower levels.
func allowFile(a *app, list allow.List, file *config.File) error {
	nix, err := a.nix()
	if err != nil {
		return err
	}
	wider := file.Widens(confine.LevelOf(config.Settings{}))
	var narrow []string // grants beyond a narrower level alone
	for _, level := range host.Levels {
		for _, what := range file.Widens(level) {
			if !slices.Contains(wider, what) {
				narrow = append(narrow, what+", beyond level "+level.Name)
			}
		}
	}
	if len(wider)+len(narrow) == 0 {
		screen.Printf(a.Stdout, "%s opens nothing beyond the default policy; it need not be allowed\n", file.Path)
		return nil
	}
	links := confine.LinksOf(nix, trees.ProjectAt(filepath.Dir(file.Path)), file)
	if err := list.Allow(file, links); err != nil {
		return err
	}
	screen.Printf(a.Stdout, "allowed %s, sha256 %s:\n", file.Path, file.Hash())
	for _, what := range append(wider, narrow...) {
		screen.Printf(a.Stdout, "  %s\n", what)
	}
	for _, path := range show.SecretsOf(file) {
		screen.Printf(a.Stdout, "  with that %s, which looks like a secret\n", path)
	}
	for _, link := range links {
		screen.Printf(a.Stdout, "  the symbolic link %s, as long as it leads there\n", link)
	}
	return nil
}

type denyCmd struct {
	Dir string `arg:"" optional:"" name:"path" default:"." type:"path" help:"Directory of the project, or the path of its purity.toml."`
}

// Run forgets permissions of the file, whatever its content.
func (c denyCmd) Run(a *app) error {
	list, err := allow.Open()
	if err != nil {
		return err
	}
	path := enforce.Real(c.Dir)
	denied := []string{path}
	if filepath.Base(path) != config.Name {
		denied = []string{filepath.Join(config.Upward(path, config.Name), config.Name)}
		if dir := config.ProjectOf(path); dir != "" {
			denied = append(denied, dir)
		}
	}
	nothing := true
	for _, path := range denied {
		forgotten, err := list.Deny(path)
		if err != nil {
			return err
		}
		if forgotten > 0 {
			screen.Printf(a.Stdout, "denied %s\n", path)
			nothing = false
		}
	}
	if nothing {
		screen.Printf(a.Stdout, "nothing was allowed of %s\n", path)
	}
	return nil
}

func exists(file string) bool {
	_, err := os.Lstat(file)
	return err == nil
}
