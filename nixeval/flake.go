package nixeval

import (
	"encoding/json"
	"errors"
	"path/filepath"

	"github.com/nix-purity/purity/closure/hostile"
	"github.com/nix-purity/purity/nixeval/inputs"
)

// flakeArgs returns the arguments by which Nix evaluates a flake. Nix would remember the
// results of one on this machine by its commit and by the files that differ from it. A command
// can have git's index say that a file does not differ (assume-unchanged), and Nix would give
// its result for the commit afterwards.
func flakeArgs(r Request, ref flakeRef) []string {
	args := []string{ref.installable()}
	if ref.path != "" {
		args = append(args, "--option", "eval-cache", "false")
	}
	for _, o := range r.Overrides {
		args = append(args, "--override-input", o[0], o[1])
	}
	if r.Impure {
		args = append(args, "--impure")
	}
	if r.Locked {
		args = append(args, "--no-update-lock-file")
	}
	return args
}

func fileArgs(r Request) []string {
	args := []string{"--file", r.File}
	if r.Attr != "" {
		args = append(args, r.Attr)
	}
	return args
}

// unwatched reports whether git does not look whether some file changed that the evaluation
// of r reads. Nix keeps for the commit what such a file is now, and would give it to everybody
// after it is the old one again: who evaluates then gives Nix a cache for that once.
func (r Request) unwatched() (bool, error) {
	for _, dir := range r.inGit() {
		unwatched, err := inputs.Unwatched(dir)
		if unknowable := (*inputs.UncacheableError)(nil); errors.As(err, &unknowable) {
			continue
		}
		if err != nil && r.File != "" { // Nix may well not look at it
			return true, nil
		}
		if unwatched || err != nil {
			return unwatched, err
		}
	}
	return false, nil
}

// inGit are directories of which the evaluation of r reads what git tracks: those of the flake and
// of flakes that take the place of inputs, or of a Nix file, which can fetch its own repository.
func (r Request) inGit() (dirs []string) {
	if r.File != "" {
		file := r.File
		if !filepath.IsAbs(file) {
			file = filepath.Join(r.Dir, file)
		}
		return []string{r.Dir, filepath.Dir(file)}
	}
	refs := []string{r.Flake}
	for _, o := range absolute(r.Overrides, r.Dir) {
		refs = append(refs, o[1])
	}
	for _, s := range refs {
		if ref := parseFlakeRef(s, r.Dir); ref.local != "" && !ref.tree {
			dirs = append(dirs, ref.local)
		}
	}
	return dirs
}

// brokenLock is the flake.lock of a flake on this machine that is no JSON, empty if there is none.
// Nix names the file in the error of some versions only, and in none its directory.
func (r Request) brokenLock() string {
	dir, _, err := inputs.FindFlake(parseFlakeRef(r.Flake, r.Dir).local)
	if err != nil || r.File != "" {
		return ""
	}
	file := filepath.Join(dir, "flake.lock")
	data, err := hostile.ReadFile(file, 2<<20)
	if err != nil || json.Valid(data) {
		return ""
	}
	return file
}
