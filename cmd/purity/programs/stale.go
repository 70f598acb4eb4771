package programs

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/allow"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/nixeval"
	"github.com/nix-purity/purity/nixeval/inputs"
)

// definition are the files whose change makes an environment stale: those that Nix reads,
// and where only Nix can tell, all of the project that look like them.
func definition(nix nixeval.Nix, request nixeval.Request) ([]string, error) {
	files, any, err := known(nix.Inputs(request))
	if !any && request.File == "" || len(files) > 0 || err != nil {
		return files, err
	}
	files, err = walked(request, maxDefinition, nil)
	if errors.Is(err, errTooMany) {
		err = nil // those that were looked at tell enough states apart
	}
	return files, err
}

// Sources are the files that an evaluation reads. Where only Nix can tell them, they are
// all files of the project; of the directories in which tools keep their own, which change
// all the time, only files written in Nix.
func Sources(nix nixeval.Nix, request nixeval.Request) (allow.Sources, error) {
	files, any, err := known(nix.Sources(request))
	sources := allow.Sources{Files: files, Flake: any || len(files) > 0, Exact: !any}
	if !any && request.File == "" || len(files) > 0 || err != nil {
		return sources, err
	}
	if len(request.Overrides) > 0 { // which can be what hides an input's files, and not git
		own := request
		own.Overrides = nil
		_, sources.Flake, err = known(nix.Sources(own))
		if err != nil {
			return sources, err
		}
	}
	sources.Files, err = walked(request, maxSources, func(name string) bool { return filepath.Ext(name) == ".nix" })
	return sources, err
}

// known are files that Nix would read, and whether it could be any of the project.
func known(files []string, err error) (_ []string, any bool, _ error) {
	if unknowable := (*inputs.UncacheableError)(nil); errors.As(err, &unknowable) {
		return nil, true, nil
	}
	return files, false, err
}

// keeping are directories that tools keep for themselves.
var keeping = strings.Fields("node_modules __pycache__ .direnv .devenv .venv .cache .mypy_cache .pytest_cache .ruff_cache .tox .nox .gradle .terraform .next .svelte-kit .parcel-cache .turbo .yarn .pnpm-store .stack-work .cabal .ccls-cache")

const (
	maxDefinition = 5000   // files to look at for a definition of an environment
	maxSources    = 100000 // files to look at for sources of an evaluation
)

var errTooMany = errors.New("there are too many files for a permission")

// walked are the file of a request and those of its project, but git's. Of directories
// that tools keep they are those of which kept says so; without it none.
func walked(request nixeval.Request, limit int, kept func(name string) bool) ([]string, error) {
	files := []string{request.File}
	within := "" // the directory that a tool keeps in which the walk is
	err := filepath.WalkDir(request.Project, func(path string, d fs.DirEntry, err error) error {
		if limit--; limit < 0 {
			return fmt.Errorf("look at %s: %w", request.Project, errTooMany)
		}
		if within != "" && !enforce.Inside(path, within) {
			within = ""
		}
		switch {
		case d == nil:
			return err
		case err != nil: // who may not list it cannot evaluate it
			return fs.SkipDir
		case d.IsDir() && d.Name() == ".git":
			return fs.SkipDir
		case d.IsDir() && slices.Contains(keeping, d.Name()):
			if kept == nil {
				return fs.SkipDir
			}
			within = cmp.Or(within, path)
		case !d.IsDir() && path != request.File && (within == "" || kept(d.Name())):
			files = append(files, path)
		}
		return nil
	})
	return files, err
}

// StateOf names the present state of an environment's definition.
func StateOf(nix nixeval.Nix, request nixeval.Request) string {
	if current, err := nix.Current(request); err == nil && current != "" {
		return current
	}
	files, err := definition(nix, request)
	return fmt.Sprint(shim.Definition(files), err)
}

// Staleness reports whether the definition of the environment of shims changed, and its
// state now. The other sources change all the time.
func Staleness(nix nixeval.Nix, set shim.Set) (state string, stale bool) {
	if set.Changed() == "" {
		return "", false
	}
	state = StateOf(nix, set.Request)
	return state, state != set.Entry
}

func exists(file string) bool {
	_, err := os.Lstat(file)
	return err == nil
}
