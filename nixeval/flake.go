package nixeval

import (
	"errors"

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

// unwatched reports whether git does not look whether some file of the flake that r means
// changed. Nix keeps for the commit what such a file is now, and would give it to everybody after
// it is the old one again: who evaluates then gives Nix a cache for that once.
func (r Request) unwatched() (bool, error) {
	ref := parseFlakeRef(r.Flake, r.Dir)
	if r.File != "" || ref.path == "" || ref.tree {
		return false, nil
	}
	unwatched, err := inputs.Unwatched(ref.path)
	if unknowable := (*inputs.UncacheableError)(nil); errors.As(err, &unknowable) {
		return false, nil
	}
	return unwatched, err
}
