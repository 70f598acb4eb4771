package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/nixeval"
)

// project is the directory that a confined command may write.
type project struct {
	dir  string // absolute, without symlinks
	cwd  string // where the command starts, in dir
	none bool   // there is no project, and dir only stands for one
}

// trees are the directories of the project that its commands write, none if there is
// no project.
func (p project) trees() []string {
	if p.none {
		return nil
	}
	return []string{p.dir}
}

// findProject is the directory that --project names, else the nearest one
// upward that holds what the environment is defined by or a git repository.
func findProject(flag, anchor string) (project, error) {
	cwd, err := os.Getwd()
	if err == nil {
		cwd, err = filepath.EvalSymlinks(cwd)
	}
	if err != nil {
		return project{}, fmt.Errorf("find working directory: %w", err)
	}
	if flag != "" {
		dir, err := filepath.EvalSymlinks(flag)
		if err != nil {
			return project{}, fmt.Errorf("find project: %w", err)
		}
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return project{}, fmt.Errorf("find project %s: not a directory", flag)
		}
		if around := upward(cwd, anchor); enforce.Inside(flag, around) && !enforce.Inside(dir, around) {
			return project{}, words.Hint(fmt.Errorf("find project %s: a link leads out of %s", flag, around), "if that is meant:  --project "+dir)
		}
		if !enforce.Inside(cwd, dir) {
			cwd = dir
		}
		return project{dir: dir, cwd: cwd}, nil
	}
	return project{dir: upward(cwd, anchor), cwd: cwd}, nil
}

// noProject makes the directory that stands for a project where there is none, for a
// request: it is empty, and nobody writes it, so that no run leaves anything there for
// the next.
func noProject(nix nixeval.Nix, r nixeval.Request) (string, error) {
	dir := filepath.Join(noProjects(nix), r.Identity()[:16])
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("create directory instead of a project: %w", err)
	}
	return dir, nil
}

// standsFor is the directory of a project that a request was made for, which --no-project
// made none of.
func standsFor(nix nixeval.Nix, dir, cwd string) project {
	return project{dir: dir, cwd: cwd, none: enforce.Inside(dir, noProjects(nix))}
}

// noProjects is where the directories are that noProject makes.
func noProjects(nix nixeval.Nix) string { return filepath.Join(enforce.Real(nix.Cache), "none") }

// settings reads the purity.toml that is for the working directory, or the file
// that takes its place; nil if there is none. Trees are what commands may write.
func (p project) settings(instead string, trees []string) (*config.File, error) {
	if instead != "" {
		file, err := config.Given(instead, p.dir)
		if file != nil && enforce.Passes(p.cwd, instead, trees...) {
			file.Given = false // a command can write it, so that to name it says nothing
		}
		return file, err
	}
	from := p.cwd
	if !enforce.Inside(from, p.dir) { // a shim can be called anywhere
		from = p.dir
	}
	return config.Find(from, p.dir)
}

// upward looks for anchor or .git in dir and above it; dir itself is the
// answer where there is neither.
func upward(dir, anchor string) string {
	for at := dir; ; at = filepath.Dir(at) {
		for _, name := range []string{anchor, ".git"} {
			if _, err := os.Lstat(filepath.Join(at, name)); name != "" && err == nil {
				return at
			}
		}
		if at == filepath.Dir(at) {
			return dir
		}
	}
}

// projectOf is the directory of the project that a shell in dir would enter, the
// nearest with a flake.nix or shell.nix, or empty. As Nix does, it looks no
// further than the root of a repository.
func projectOf(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		for _, name := range definitions {
			if info, err := os.Stat(filepath.Join(at, name)); err == nil && info.Mode().IsRegular() {
				return at
			}
		}
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil || at == filepath.Dir(at) {
			return ""
		}
	}
}

// definitions are the files that define an environment, the first counts.
var definitions = []string{"flake.nix", "shell.nix"}

// check refuses a project that would open what purity is there to close: the
// user's home with its programs, the store, or purity's own cache.
func (p project) check(nix nixeval.Nix) error {
	store := nix.StoreDir()
	switch home := os.Getenv("HOME"); {
	case p.dir == "/":
		return tooWide(p.dir, "it is the whole file system")
	case home != "" && enforce.Inside(enforce.Real(home), p.dir):
		return tooWide(p.dir, "your home directory is in it")
	case enforce.Inside(enforce.Real("/bin/sh"), p.dir) || enforce.Inside(enforce.Real("/usr/bin/env"), p.dir):
		return tooWide(p.dir, "the host's programs are in it")
	case enforce.Inside(p.dir, store):
		return words.Hint(fmt.Errorf("use project %s: it is in the store, which is never written", p.dir), "copy the sources to a directory of yours")
	case enforce.Inside(store, p.dir):
		return tooWide(p.dir, "the store is in it")
	case enforce.Inside(trustDir(), p.dir):
		return tooWide(p.dir, "what you allowed (purity allow) is in it")
	case enforce.Inside(enforce.Real(nix.Cache), p.dir):
		return tooWide(p.dir, "purity's cache is in it, and a command that could write that would write its own policy")
	}
	return nil
}

// trustDir is where purity remembers what was allowed, empty where that cannot be
// told: then nothing can be allowed, either.
func trustDir() string {
	trust, err := config.OpenTrust()
	if err != nil {
		return ""
	}
	return enforce.Real(trust.Dir)
}

func tooWide(dir, why string) error {
	return words.Hint(fmt.Errorf("use project %s: %s", dir, why), "cd to the project, or name it with --project DIR")
}

// homeOf is the command's HOME: a directory of the project that persists, one of the
// user's, or a path that does not exist. Trees are what commands may write.
func (p *plan) homeOf(trees []string) (dir string, granted bool, err error) {
	switch p.Home {
	case "none":
		return "/homeless-shelter", false, nil // as in Nix's builds
	case "private":
		return privateHome(p.nix, p.project), true, nil
	}
	paths := []string{}
	for _, e := range p.Entries("home") { // one
		paths, err = host.Here(e.Dir).Expand(e.Value)
	}
	if err == nil && len(paths) != 1 {
		err = errors.New("that is not one directory")
	}
	if err == nil {
		dir, err = p.follow(paths[0], trees)
	}
	if err == nil {
		_, err = os.Stat(dir)
	}
	if err == nil && (enforce.Inside(enforce.Real(p.nix.Cache), dir) || enforce.Inside(p.nix.StoreDir(), dir) || enforce.Inside(trustDir(), dir)) {
		err = errors.New("it holds purity's cache or the store, which a confined command must not write")
	}
	if err != nil {
		return "", false, fmt.Errorf("use home %s: %w", p.Home, err)
	}
	return dir, true, nil
}

func privateHome(nix nixeval.Nix, p project) string {
	return filepath.Join(nix.ProjectDir(p.dir), "home")
}
