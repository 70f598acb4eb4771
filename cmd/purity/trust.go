package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/hook"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/nixeval"
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
	trust, err := config.OpenTrust()
	if err != nil {
		return err
	}
	allow, dir := allower{a, trust}, ""
	if info.IsDir() {
		if dir = config.ProjectOf(path); dir == "" && exists(filepath.Join(path, ".envrc")) {
			dir = path // whose environment is elsewhere
		}
	}
	file, err := fileAt(c.Dir)
	switch {
	case err != nil && !errors.Is(err, errNoSettings):
		return err
	case err != nil && dir == "":
		return words.Hint(fmt.Errorf("allow project: there is no flake.nix, shell.nix or %s in %s or above", config.Name, path), "go to the project, or begin one with purity init")
	}
	if file != nil {
		if err := allow.allowFile(file); err != nil {
			return err
		}
	}
	if dir == "" {
		return nil
	}
	if err := allow.lock(dir); err != nil {
		return err
	}
	return allow.allowProject(dir)
}

// allower remembers permissions.
type allower struct {
	*app
	trust config.Trust
}

// allowProject allows a project with all files that its evaluation reads.
func (a allower) allowProject(dir string) error {
	nix, err := a.nix()
	if err != nil {
		return err
	}
	files, err := hook.Sources(nix, hook.RequestOf(confine.Project{Dir: dir, Cwd: dir}))
	if err != nil {
		return err
	}
	if err := a.trust.AllowProject(dir, files); err != nil {
		return err
	}
	if err := hook.ForgetFailures(nix, dir); err != nil {
		return err
	}
	var names []string
	for _, file := range files {
		if name, ok := strings.CutPrefix(file, dir+"/"); ok && config.Defines(filepath.Base(file)) && exists(file) {
			names = append(names, name)
		}
	}
	if more := len(files) - len(names); more > 0 {
		names = append(names, screen.Plural(more, "more file")+" that its evaluation reads")
	}
	screen.Printf(a.Stdout, "allowed %s to be entered by shells: %s\n", dir, strings.Join(names, ", "))
	return nil
}

// lock rejects a directory that cannot be a project, and has Nix write flake.lock where that is
// missing or behind: hooks evaluate the allowed state, and that alone.
func (a allower) lock(dir string) error {
	nix, err := a.nix()
	if err != nil {
		return err
	}
	if err := (confine.Project{Dir: dir, Cwd: dir}).Check(nix); err != nil {
		return err
	}
	if !exists(filepath.Join(dir, config.Definitions[0])) {
		return nil
	}
	err = nix.Lock(context.Background(), dir)
	var none *nixeval.NotFoundError
	if err != nil && !errors.As(err, &none) {
		a.Log.Warn().Msg(err.Error())
	}
	return nil
}

// allowFile allows a file with the symbolic links that its paths pass through, and says
// the grants of the file beyond the default and beyond narrower levels.
func (a allower) allowFile(file *config.File) error {
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
	links := confine.LinksOf(nix, confine.ProjectAt(filepath.Dir(file.Path)), file)
	if err := a.trust.Allow(file, links); err != nil {
		return err
	}
	screen.Printf(a.Stdout, "allowed %s, sha256 %s:\n", file.Path, file.Hash())
	for _, what := range append(wider, narrow...) {
		screen.Printf(a.Stdout, "  %s\n", what)
	}
	for _, path := range secretsOf(file) {
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

// Run forgets permissions of the file, whatever is in it.
func (c denyCmd) Run(a *app) error {
	trust, err := config.OpenTrust()
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
		forgotten, err := trust.Deny(path)
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

// fileAt reads the purity.toml of a directory, or one that is named.
func fileAt(path string) (*config.File, error) {
	path = enforce.Real(path)
	root := "/"
	if info, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	} else if !info.IsDir() {
		return config.Read(path)
	}
	file, err := config.Find(path, root)
	if err == nil && file == nil {
		err = fmt.Errorf("read settings: %w in %s or above", errNoSettings, path)
	}
	return file, err
}

var errNoSettings = errors.New("there is no " + config.Name)

func exists(file string) bool {
	_, err := os.Lstat(file)
	return err == nil
}
