package nixeval

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/nixeval/inputs"
)

// attempts is how often a flake is evaluated anew because it changed while
// Nix read it.
const attempts = 3

func (n Nix) fromFlake(ctx context.Context, r Request) (Environment, error) {
	r.Overrides = absolute(r.Overrides, r.Dir)
	args := flakeArgs(r, parseFlakeRef(r.Flake, r.Dir))
	flake, err := n.flake(r)
	if err != nil {
		return Environment{}, err
	}
	if flake == nil {
		return n.uncached(ctx, r, args)
	}
	for range attempts {
		key, err := flake.Key()
		if unknowable := (*inputs.UncacheableError)(nil); errors.As(err, &unknowable) {
			if n.locks(ctx, r, flake.Dir) {
				continue
			}
			return n.uncached(ctx, r, args)
		} else if err != nil {
			return Environment{}, err
		}
		unchanged := func() bool {
			after, err := flake.Key()
			return err == nil && after == key
		}
		env, err := n.cached(r, string(key), unchanged, func(dir string) (Environment, error) {
			if n.locks(ctx, r, flake.Dir) {
				return Environment{}, errChanged
			}
			return n.evaluate(ctx, r, dir, args)
		})
		if !errors.Is(err, errChanged) {
			return env, err
		}
	}
	return n.uncached(ctx, r, args)
}

// check checks a flake on this machine before Nix opens its files.
func (n Nix) check(r Request) error {
	ref := parseFlakeRef(r.Flake, r.Dir)
	if r.File != "" || ref.local == "" {
		return nil
	}
	dir, _, err := inputs.FindFlake(ref.local)
	if err != nil && ref.path == "" {
		return nil // such as a bare repository; Nix says what is missing
	}
	if err != nil {
		return err
	}
	return inputs.Flake{Dir: dir, Tree: ref.tree, Environ: n.Environ, Overrides: absolute(r.Overrides, r.Dir)}.Check()
}

// flake is the flake on this machine that r means, nil if its meaning cannot
// be told without Nix.
func (n Nix) flake(r Request) (*inputs.Flake, error) {
	if parseFlakeRef(r.Flake, r.Dir).path == "" || r.Impure {
		return nil, nil
	}
	return n.onDisk(r)
}

// onDisk is the flake of which an evaluation of r reads files on this machine, whatever else
// it reads; nil if there is none.
func (n Nix) onDisk(r Request) (*inputs.Flake, error) {
	ref := parseFlakeRef(r.Flake, r.Dir)
	if ref.local == "" {
		return nil, nil
	}
	root, _, err := inputs.FindFlake(ref.local)
	if err != nil {
		return nil, err
	}
	program, err := n.Program("nix")
	if err != nil {
		return nil, err
	}
	return &inputs.Flake{
		Dir:       root,
		Tree:      ref.tree,
		StatCache: filepath.Join(n.ProjectDir(r.Project), "stat"),
		Nix:       program,
		Environ:   n.Environ,
		Overrides: absolute(r.Overrides, r.Dir),
		Extra:     []string{magic, ref.attr},
	}, nil
}

// absolute makes relative paths among overrides absolute.
func absolute(overrides [][2]string, dir string) [][2]string {
	overrides = slices.Clone(overrides)
	for i, o := range overrides {
		path, scheme := strings.CutPrefix(o[1], "path:")
		switch {
		case scheme && !filepath.IsAbs(path):
			overrides[i][1] = "path:" + filepath.Join(dir, path)
		case strings.HasPrefix(path, "."):
			overrides[i][1] = filepath.Join(dir, path)
		}
	}
	return overrides
}

// locks writes the flake.lock of a flake that has none, and reports whether there is one
// now. Else Nix would write it while it evaluates, and that evaluation were for nothing.
// Where it cannot be written, or is not to be, Nix evaluates without.
func (n Nix) locks(ctx context.Context, r Request, dir string) bool {
	file := filepath.Join(dir, "flake.lock")
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) || r.Locked || len(r.Overrides) > 0 {
		return false
	}
	return n.Lock(ctx, dir) == nil && inputs.Regular(file) == nil
}
