package nixeval

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/closure"
	"github.com/nix-purity/purity/nixeval/inputs"
)

// Key names e among the cached environments of its project, for [Nix.Recall];
// empty if e is not cached.
func (e Environment) Key() string {
	if e.dir == "" {
		return ""
	}
	return filepath.Base(e.dir)
}

// Recall returns the environment of a project that was cached under a key,
// whatever has changed since. It never asks Nix.
func (n Nix) Recall(project, key string) (env Environment, ok bool) {
	if key == "" || strings.Contains(key, "/") {
		return Environment{}, false
	}
	return load(n.entryDir(project, key))
}

// Remembered returns a cached environment for r: that which r asks for now, else
// the one that was cached last for its project. It never asks Nix, and is for
// those who rather have an old answer than wait.
func (n Nix) Remembered(r Request) (env Environment, ok bool) {
	if r.ClosureFile != "" {
		env, err := n.fromClosureFile(r)
		return env, err == nil
	}
	entries, err := filepath.Glob(filepath.Join(n.ProjectDir(r.Project), "env", "*", entryFile))
	if err != nil || len(entries) == 0 {
		return Environment{}, false
	}
	if key, err := n.Current(r); err == nil {
		if env, ok := n.Recall(r.Project, key); ok {
			return env, true
		}
	}
	slices.SortFunc(entries, func(a, b string) int { return cmp.Compare(modified(b), modified(a)) })
	return load(filepath.Dir(entries[0]))
}

// known returns the closure of a root that another entry beside dir, or an earlier one in it, has
// alone. The references of a store path never change, and the entry keeps it from being collected.
func known(dir string, root closure.Path) (c closure.Closure, ok bool) {
	entries, err := filepath.Glob(filepath.Join(filepath.Dir(dir), "*", entryFile))
	if err != nil {
		return c, false
	}
	for _, entry := range entries {
		e, ok := load(filepath.Dir(entry))
		if !ok || !slices.Equal(e.Roots, []closure.Path{root}) {
			continue
		}
		if c, err := e.Closure(); err == nil && slices.Equal(c.Paths(), e.Paths) {
			return c, true
		}
	}
	return c, false
}

// Current is the key that r would be cached under now, empty where nothing
// but Nix can tell whether a cached environment still answers r. It
// never asks Nix.
func (n Nix) Current(r Request) (key string, err error) {
	flake, err := n.flakeOf(r)
	if flake == nil || err != nil {
		return "", err
	}
	current, err := flake.Key()
	return string(current), err
}

// Inputs are the files by which [Nix.Current] tells, none where nothing can.
func (n Nix) Inputs(r Request) ([]string, error) {
	flake, err := n.flakeOf(r)
	if flake == nil || err != nil {
		return nil, err
	}
	return flake.Files()
}

// Sources are those of Inputs that the evaluation reads as its own ([inputs.Flake.Sources]),
// also where it can read others.
func (n Nix) Sources(r Request) ([]string, error) {
	if r.notFlake() {
		return nil, nil
	}
	flake, err := n.onDisk(r)
	if flake == nil || err != nil {
		return nil, err
	}
	return flake.Sources()
}

// Without is n without the variables of e: for those who have them because they
// are in its shell, and asked for it from outside.
func (n Nix) Without(e Environment) Nix {
	n.Environ = slices.DeleteFunc(slices.Clone(n.Environ), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return name != "PATH" && slices.Contains(e.variables, v)
	})
	return n
}

// flakeOf is the flake that r means, nil if it means something else.
func (n Nix) flakeOf(r Request) (*inputs.Flake, error) {
	if r.notFlake() {
		return nil, nil
	}
	return n.flake(r)
}

// notFlake reports whether r asks for something else than the dev shell of a flake.
func (r Request) notFlake() bool {
	return r.ClosureFile != "" || r.FromEnv || len(r.Roots) > 0 || r.File != ""
}
