package nixeval

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/closure"
	"github.com/nix-purity/purity/closure/hostile"
	"github.com/nix-purity/purity/nixeval/inputs"
	"github.com/rogpeppe/go-internal/lockedfile"
)

// Resolve returns the environment that r asks for, from the cache where
// nothing that Nix would read has changed, else from Nix.
func (n Nix) Resolve(ctx context.Context, r Request) (Environment, error) {
	switch {
	case r.ClosureFile != "":
		return n.fromClosureFile(r)
	case r.FromEnv && n.Root != "":
		return Environment{}, errors.New("take the active shell: its paths are not in a chroot store")
	case r.FromEnv:
		return n.fromActiveShell(ctx, r)
	case len(r.Roots) > 0:
		return n.fromRoots(ctx, r)
	case r.File != "":
		// A file is evaluated impurely: it may read anything, so that no
		// fingerprint of it can be complete.
		if err := inputs.Regular(r.File); err != nil {
			return Environment{}, err
		}
		return n.uncached(ctx, r, fileArgs(r))
	}
	return n.fromFlake(ctx, r)
}

// errChanged reports that the evaluated files are not those of the key.
var errChanged = errors.New("changed while it was evaluated")

// cached returns the entry of key, or makes it, once however many want it.
func (n Nix) cached(r Request, key string, unchanged func() bool, build func(dir string) (Environment, error)) (Environment, error) {
	if n.Root != "" { // what is in one store need not be in another
		key = hashOf("store", n.Root, key)
	}
	if env, ok := load(n.entryDir(r.Project, key)); ok && !r.Refresh {
		return env, nil
	}
	dir, err := n.makeEntryDir(r.Project, key)
	if err != nil {
		return Environment{}, err
	}
	unlock, err := lockedfile.MutexAt(dir + ".lock").Lock()
	if err != nil {
		return Environment{}, fmt.Errorf("lock cache entry: %w", err)
	}
	defer unlock()
	if env, ok := load(dir); ok && !r.Refresh {
		return env, nil
	}
	env, err := build(dir)
	if err != nil {
		os.Remove(dir) // if nothing is in it, not even a root
		return Environment{}, err
	}
	if !unchanged() {
		return Environment{}, errChanged
	}
	n.prune(r.Project, key)
	return env, env.save()
}

// uncached evaluates every time. The directory of an entry is needed all the
// same, for the root and the bash code.
func (n Nix) uncached(ctx context.Context, r Request, args []string) (Environment, error) {
	always := r
	always.Refresh = true
	return n.cached(always, hashOf(append([]string{"uncached", r.Dir}, args...)...), unchangeable, func(dir string) (Environment, error) {
		return n.evaluate(ctx, r, dir, args)
	})
}

func unchangeable() bool { return true }

// fromRoots resolves store paths. Their references never change, so the
// paths themselves are the key.
func (n Nix) fromRoots(ctx context.Context, r Request) (Environment, error) {
	var roots []closure.Path
	var key []string
	for _, arg := range r.Roots {
		root, err := n.storePath(r.Dir, arg)
		if err != nil {
			return Environment{}, err
		}
		roots, key = append(roots, root), append(key, string(root))
	}
	return n.cached(r, hashOf(append(key, magic)...), unchangeable, func(dir string) (Environment, error) {
		c, err := n.Closure(ctx, roots...)
		if err != nil {
			return Environment{}, err
		}
		if err := n.addRoots(ctx, dir, c.Roots); err != nil {
			return Environment{}, err
		}
		env := Environment{Source: r.String(), dir: dir}
		env.setClosure(c)
		env.setVariables([]string{"PATH=" + binDirs(n.Store(), roots)})
		return env, env.saveClosure(c)
	})
}

// storePath returns the store path that arg is, lies in or links to.
func (n Nix) storePath(dir, arg string) (closure.Path, error) {
	if !filepath.IsAbs(arg) {
		arg = filepath.Join(dir, arg)
	}
	path, _, err := closure.Within(n.StoreDir(), arg)
	if err == nil {
		return path, nil
	}
	target, linkErr := filepath.EvalSymlinks(arg)
	if linkErr != nil {
		return "", fmt.Errorf("resolve root: %w", linkErr)
	}
	if path, _, err = closure.Within(n.StoreDir(), target); err != nil {
		return "", fmt.Errorf("resolve root %s: %w", arg, err)
	}
	return path, nil
}

// StoreDir is the store directory that Nix uses in this environment
// (src/libstore/globals.cc: NIX_STORE_DIR, NIX_STORE, then the default).
func (n Nix) StoreDir() string {
	for _, name := range []string{"NIX_STORE_DIR", "NIX_STORE"} {
		if dir := lookup(n.Environ, name); dir != "" {
			return filepath.Clean(dir)
		}
	}
	return "/nix/store"
}

// fromClosureFile reads store paths from a file. It says nothing of
// variables, so PATH is the bin directory of every path that has one.
func (n Nix) fromClosureFile(r Request) (Environment, error) {
	name := r.ClosureFile
	if !filepath.IsAbs(name) {
		name = filepath.Join(r.Dir, name)
	}
	paths, err := readStorePaths(name, n.StoreDir())
	if err != nil {
		return Environment{}, err
	}
	env := Environment{Source: r.ClosureFile, StoreDir: n.StoreDir(), Paths: paths}
	env.setVariables([]string{"PATH=" + binDirs(n.Store(), paths)})
	return env, nil
}

// readStorePaths reads a file that lists store paths, one at least.
func readStorePaths(name, storeDir string) ([]closure.Path, error) {
	file, err := hostile.OpenNamed(name)
	if err != nil {
		return nil, fmt.Errorf("read closure file: %w", err)
	}
	defer file.Close()
	paths, err := closure.ParseStorePaths(file, storeDir)
	if err == nil && len(paths) == 0 {
		err = errors.New("no store paths in it")
	}
	if err != nil {
		return nil, fmt.Errorf("read closure file %s: %w", name, err)
	}
	return paths, nil
}

// With is e with the store paths that files list in its closure, too.
func (e Environment) With(files ...string) (Environment, error) {
	for _, name := range files {
		paths, err := readStorePaths(name, e.StoreDir)
		if err != nil {
			return Environment{}, err
		}
		e.Paths = append(slices.Clone(e.Paths), paths...)
	}
	slices.Sort(e.Paths)
	e.Paths = slices.Compact(e.Paths)
	return e, nil
}

// binDirs joins the bin directories of those paths that have one.
func binDirs(store closure.Store, paths []closure.Path) string {
	var dirs []string
	for _, p := range paths {
		if info, err := os.Stat(store.Follow(string(p) + "/bin")); err == nil && info.IsDir() {
			dirs = append(dirs, string(p)+"/bin")
		}
	}
	return strings.Join(dirs, ":")
}

// setClosure takes over the paths of c.
func (e *Environment) setClosure(c closure.Closure) {
	e.StoreDir, e.Roots, e.Paths = c.StoreDir, c.Roots, c.Paths()
}

// hashOf is a key made of strings, none of which can run into the next.
func hashOf(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}
