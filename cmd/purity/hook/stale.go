package hook

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/nixeval"
	"github.com/nix-purity/purity/nixeval/inputs"
)

// RequestOf is the environment of a project that shells enter.
func RequestOf(p confine.Project) nixeval.Request {
	request := nixeval.Request{Flake: ".", Dir: p.Dir, Project: p.Dir, Locked: true}
	if !exists(filepath.Join(p.Dir, config.Definitions[0])) {
		request.Flake, request.File = "", filepath.Join(p.Dir, config.Definitions[1])
	}
	return request
}

// definition are the files by which an environment is known to be what it was: those
// that Nix reads, and where only Nix can tell, all of the project that look like it.
func definition(nix nixeval.Nix, request nixeval.Request) ([]string, error) {
	return filesOf(nix.Inputs, request)
}

// Sources are the files that an evaluation reads, as far as that can be told without it.
func Sources(nix nixeval.Nix, request nixeval.Request) ([]string, error) {
	return filesOf(nix.Sources, request)
}

func filesOf(known func(nixeval.Request) ([]string, error), request nixeval.Request) ([]string, error) {
	files, err := known(request)
	var unknowable *inputs.UncacheableError
	if err != nil && !errors.As(err, &unknowable) {
		return nil, err
	}
	if len(files) > 0 || request.File == "" && unknowable == nil {
		return files, nil
	}
	left := maxWalked
	files = []string{request.File}
	walk := func(path string, d fs.DirEntry, err error) error {
		left--
		switch {
		case err != nil || left < 0:
			return fs.SkipAll
		case d.IsDir() && path != request.Project && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
			return fs.SkipDir
		case d.Type().IsRegular():
			files = append(files, path)
		}
		return nil
	}
	return files, filepath.WalkDir(request.Project, walk)
}

// maxWalked is how many files of a project are looked at for what defines it.
const maxWalked = 5000

// stateOf tells a state of what defines an environment from others.
func stateOf(nix nixeval.Nix, request nixeval.Request) string {
	if current, err := nix.Current(request); err == nil && current != "" {
		return current
	}
	files, err := definition(nix, request)
	return fmt.Sprint(shim.Definition(files), err)
}

// staleness reports whether what defines the environment of shims changed, and the
// state that it is in then. The sources beside it change all the time.
func staleness(nix nixeval.Nix, set shim.Set) (state string, stale bool) {
	if set.Changed() == "" {
		return "", false
	}
	state = stateOf(nix, set.Request)
	return state, state != set.Entry
}

func exists(file string) bool {
	_, err := os.Lstat(file)
	return err == nil
}

// writable is an error where the user may not write a directory.
func writable(dir string) error {
	if err := unix.Access(dir, unix.W_OK); err != nil {
		return &fs.PathError{Op: "write", Path: dir, Err: err}
	}
	return nil
}

// entered is the project that a shell in dir is in: the nearest upward that was
// allowed. One inside it that was not allowed by itself is a part of it: a command
// that runs confined there can make one. Where none was allowed it is the one that
// Nix would take.
func entered(dir string) (project string, permission config.Permission, changed string, err error) {
	trust, err := config.OpenTrust()
	if err != nil {
		return "", config.Unknown, "", err
	}
	var first error
	for at := dir; ; at = filepath.Dir(at) {
		if slices.ContainsFunc(config.Definitions, func(name string) bool { return exists(filepath.Join(at, name)) }) {
			permission, changed, err := trust.Project(at)
			if err == nil && permission != config.Unknown {
				return at, permission, changed, nil
			}
			if first == nil {
				first = err
			}
		}
		if at == filepath.Dir(at) {
			return config.ProjectOf(dir), config.Unknown, "", first
		}
	}
}
