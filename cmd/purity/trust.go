package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/nixeval"
)

type allowCmd struct {
	Dir string `arg:"" optional:"" name:"path" default:"." type:"path" help:"Directory of the project, or the file."`
}

// Help is shown below the flags.
func (allowCmd) Help() string {
	return `Says two things of the project here, as it is now, and an edit revokes both.
That its purity.toml may open more than the default policy does: whoever sends you
a project could else open your files. Where nobody can be asked, set PURITY_TRUST to
the hash that is printed, which is the one of sha256sum. And that the hooks of
shells and direnv may evaluate its flake.nix (or shell.nix) and put its
environment in front of PATH.`
}

// Run shows what the file opens and remembers that it may.
func (c allowCmd) Run(a *app) error {
	path := real(c.Dir)
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("allow project: %w", err)
	}
	trust, err := config.OpenTrust()
	if err != nil {
		return err
	}
	dir := ""
	if info.IsDir() {
		if dir = projectOf(path); dir == "" && exists(filepath.Join(path, ".envrc")) {
			dir = path // whose environment is elsewhere
		}
	}
	file, err := fileAt(c.Dir)
	switch {
	case err != nil && !errors.Is(err, errNoSettings):
		return err
	case err != nil && dir == "":
		return &hintedError{fmt.Errorf("allow project: there is no flake.nix, shell.nix or %s in %s or above", config.Name, path), "go to the project, or begin one with purity init"}
	}
	if file != nil {
		if err := a.allowFile(trust, file); err != nil {
			return err
		}
	}
	if dir == "" {
		return nil
	}
	if err := a.lock(dir); err != nil {
		return err
	}
	return a.allowProject(trust, dir)
}

// allowProject allows a project with all files that its evaluation reads.
func (a *app) allowProject(trust config.Trust, dir string) error {
	nix, err := a.nix()
	if err != nil {
		return err
	}
	files, err := sources(nix, requestOf(project{dir: dir, cwd: dir}))
	if err != nil {
		return err
	}
	if err := trust.AllowProject(dir, files); err != nil {
		return err
	}
	if err := forgetFailures(nix, dir); err != nil {
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
	printf(a.stdout, "allowed %s to be entered by shells: %s\n", dir, strings.Join(names, ", "))
	return nil
}

// lock refuses what cannot be a project, and has Nix write flake.lock where that is
// missing or behind: hooks evaluate what was allowed, and that alone.
func (a *app) lock(dir string) error {
	nix, err := a.nix()
	if err != nil {
		return err
	}
	if err := (project{dir: dir, cwd: dir}).check(nix); err != nil {
		return err
	}
	if !exists(filepath.Join(dir, definitions[0])) {
		return nil
	}
	err = nix.Lock(context.Background(), dir)
	var none *nixeval.NotFoundError
	if err != nil && !errors.As(err, &none) {
		a.log.Warn().Msg(err.Error())
	}
	return nil
}

// allowFile allows a file with the symbolic links that its paths pass through, and says
// what it opens, beyond the default and beyond narrower levels.
func (a *app) allowFile(trust config.Trust, file *config.File) error {
	nix, err := a.nix()
	if err != nil {
		return err
	}
	wider := file.Widens(levelOf(config.Settings{}))
	var narrow []string // what it opens beyond a narrower level alone
	for _, level := range host.Levels {
		for _, what := range file.Widens(level) {
			if !slices.Contains(wider, what) {
				narrow = append(narrow, what+", beyond level "+level.Name)
			}
		}
	}
	if len(wider)+len(narrow) == 0 {
		printf(a.stdout, "%s opens nothing beyond the default policy; it need not be allowed\n", file.Path)
		return nil
	}
	links := linksOf(nix, projectAt(filepath.Dir(file.Path)), file)
	if err := trust.Allow(file, links); err != nil {
		return err
	}
	printf(a.stdout, "allowed %s, sha256 %s:\n", file.Path, file.Hash())
	for _, what := range append(wider, narrow...) {
		printf(a.stdout, "  %s\n", what)
	}
	for _, link := range links {
		printf(a.stdout, "  the symbolic link %s, as long as it leads there\n", link)
	}
	return nil
}

type denyCmd struct {
	Dir string `arg:"" optional:"" name:"path" default:"." type:"path" help:"Directory of the project, or the file."`
}

// Run forgets what was allowed of the file, whatever is in it.
func (c denyCmd) Run(a *app) error {
	trust, err := config.OpenTrust()
	if err != nil {
		return err
	}
	path := real(c.Dir)
	denied := []string{path}
	if filepath.Base(path) != config.Name {
		denied = []string{filepath.Join(upward(path, config.Name), config.Name)}
		if dir := projectOf(path); dir != "" {
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
			printf(a.stdout, "denied %s\n", path)
			nothing = false
		}
	}
	if nothing {
		printf(a.stdout, "nothing was allowed of %s\n", path)
	}
	return nil
}

// fileAt reads the purity.toml of a directory, or one that is named.
func fileAt(path string) (*config.File, error) {
	path = real(path)
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

// levelOf is the level that flags and variables start from, before a file says more.
func levelOf(flags config.Settings) host.Level {
	level, _ := host.FindLevel(cmp.Or(flags.Level, host.DefaultLevel))
	return level
}

// untrustedError says that a file opens more than the level in force, and that nobody
// allowed it so.
type untrustedError struct {
	path  string
	level host.Level
	wider []string
	links []string
}

func (e *untrustedError) Error() string {
	than := "the default policy"
	if e.level.Name != host.DefaultLevel {
		than = "level " + e.level.Name
	}
	text := fmt.Sprintf("use %s: it opens more than %s and was not allowed: %s", e.path, than, strings.Join(e.wider, "; "))
	if len(e.links) > 0 {
		text += "; by the symbolic link " + strings.Join(e.links, ", ")
	}
	return text
}

// trusted is the error for a file that opens more than the level that flags start from
// and was not allowed, nil for any other.
func (a *app) trusted(file *config.File, flags config.Settings, p project) error {
	if file == nil {
		return nil
	}
	trust, err := config.OpenTrust()
	if err != nil {
		return err
	}
	nix, err := a.nix()
	if err != nil {
		return err
	}
	base := levelOf(flags)
	links := linksOf(nix, p, file)
	if trust.Allows(file, base, links, os.Getenv("PURITY_TRUST")) {
		return nil
	}
	return &untrustedError{file.Path, base, file.Widens(base), links}
}

// untrusted reports whether err is that a file was not allowed.
func untrusted(err error) bool {
	var u *untrustedError
	return errors.As(err, &u)
}
