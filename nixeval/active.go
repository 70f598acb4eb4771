package nixeval

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/closure"
)

// ErrNoShell says that no dev shell is active.
var ErrNoShell = errors.New("no dev shell is active: nothing in the environment comes from the store")

// InShell reports whether a shell that has no -env store path says that it is a dev
// shell: nix-shell by IN_NIX_SHELL, the entry point of numtide/devshell, which is no
// shell of Nix's, by DEVSHELL_DIR (modules/devshell.nix). Variables name store paths
// outside of dev shells, too.
func (n Nix) InShell() bool {
	dir := lookup(n.Environ, "DEVSHELL_DIR")
	return lookup(n.Environ, "IN_NIX_SHELL") != "" || dir != "" && len(storePathsIn(n.StoreDir(), dir)) > 0
}

// fromActiveShell takes the dev shell that the caller is in. Its -env store
// path holds all of it, so nothing has to be evaluated.
func (n Nix) fromActiveShell(ctx context.Context, r Request) (Environment, error) {
	root := n.activeRoot(r)
	if root == "" {
		return n.fromVariables(ctx, r)
	}
	return n.cached(r, hashOf("active", string(root), magic), unchangeable, func(dir string) (Environment, error) {
		if err := n.addRoots(ctx, dir, []closure.Path{root}); err != nil {
			return Environment{}, err
		}
		return n.fromDevEnv(ctx, r, dir, root.Name(), root)
	})
}

// activeRoot finds the -env store path of the active shell where `nix
// develop`, devenv and nix-direnv leave it. Shells can be started in shells:
// then it is the one whose programs come first in PATH.
func (n Nix) activeRoot(r Request) closure.Path {
	var found closure.Path
	nearest := len(strings.Split(lookup(n.Environ, "PATH"), ":"))
	for _, root := range n.activeRoots(r.Project) {
		given := string(root) == lookup(n.Environ, "NIX_GCROOT")
		if depth := n.depth(root); given && found == "" || depth < nearest && (given || n.named(root)) {
			found, nearest = root, depth
		}
	}
	return found
}

// named reports whether the environment has every store path that the variables of a dev
// environment name. A link in the project names whatever a command wants: it can point
// to the active shell, and makes no other one of it.
func (n Nix) named(root closure.Path) bool {
	shell, err := readDevEnv(string(root))
	if err != nil {
		return false
	}
	have := map[closure.Path]bool{}
	for _, v := range n.Environ {
		for _, path := range storePathsIn(n.StoreDir(), v) {
			have[path] = true
		}
	}
	outputs := shell.outputs() // which `nix develop` has point into the project
	for _, v := range shell.exported() {
		if name, _, _ := strings.Cut(v, "="); outputs[name] != "" {
			continue
		}
		for _, path := range storePathsIn(n.StoreDir(), v) {
			if !have[path] {
				return false
			}
		}
	}
	return true
}

// activeRoots are all -env store paths that could be of the active shell.
func (n Nix) activeRoots(project string) []closure.Path {
	candidates := []string{lookup(n.Environ, "NIX_GCROOT")}
	if dir := cmp.Or(lookup(n.Environ, "DEVENV_DOTFILE"), filepath.Join(project, ".devenv")); dir != "" {
		candidates = append(candidates, filepath.Join(dir, "gc", "shell"))
	}
	candidates = append(candidates, direnvProfiles(project)...)
	var roots []closure.Path
	for _, c := range candidates {
		if c == "" {
			continue
		}
		if root, err := n.storePath("/", c); err == nil && strings.HasSuffix(root.Name(), "-env") {
			roots = append(roots, root)
		}
	}
	return roots
}

// depth is how far back in PATH the programs of a dev environment are, the
// length of PATH if they are not in it.
func (n Nix) depth(root closure.Path) int {
	have := strings.Split(lookup(n.Environ, "PATH"), ":")
	shell, err := readDevEnv(string(root))
	if err != nil {
		return len(have)
	}
	for dir := range strings.SplitSeq(shell.text("PATH"), ":") {
		if at := slices.Index(have, dir); at >= 0 && strings.HasPrefix(dir, root.Dir()+"/") {
			return at
		}
	}
	return len(have)
}

// direnvProfiles are the profiles that nix-direnv keeps, the newest first.
func direnvProfiles(project string) []string {
	links, _ := filepath.Glob(filepath.Join(project, ".direnv", "flake-profile*")) // the pattern is well-formed
	links = slices.DeleteFunc(links, func(l string) bool { return strings.HasSuffix(l, ".rc") })
	slices.SortFunc(links, func(a, b string) int { return cmp.Compare(modified(b), modified(a)) })
	return links
}

func modified(path string) int64 {
	info, err := os.Lstat(path)
	if err != nil {
		return 0
	}
	return info.ModTime().UnixNano()
}

// fromVariables takes the variables that name store paths, and the closure of
// all that they name.
func (n Nix) fromVariables(ctx context.Context, r Request) (Environment, error) {
	roots, environ := map[closure.Path]bool{}, []string{}
	for _, v := range n.Environ {
		named := storePathsIn(n.StoreDir(), v)
		if len(named) > 0 {
			environ = append(environ, v)
		}
		for _, p := range named {
			roots[p] = true
		}
	}
	if len(roots) == 0 && len(r.With) > 0 { // a closure is given, and is all of it
		r.FromEnv, r.ClosureFile = false, r.With[0]
		return n.fromClosureFile(r)
	}
	if len(roots) == 0 {
		return Environment{}, ErrNoShell
	}
	r.Roots = stringsOf(slices.Sorted(maps.Keys(roots)))
	env, err := n.fromRoots(ctx, r)
	if err != nil {
		return Environment{}, err
	}
	env.Source = "the store paths of the environment"
	env.setVariables(environ)
	return env, nil
}

// storePathsIn finds the existing store paths that occur in text. A variable
// may well mention a path that was collected since; that is no promise.
func storePathsIn(storeDir, text string) []closure.Path {
	var found []closure.Path
	for {
		_, rest, ok := strings.Cut(text, storeDir+"/")
		if !ok {
			return found
		}
		end := strings.IndexFunc(rest, func(c rune) bool {
			return !strings.ContainsRune("+-._?=", c) && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
		})
		if end < 0 {
			end = len(rest)
		}
		if p, err := closure.Parse(storeDir, storeDir+"/"+rest[:end]); err == nil && exists(string(p)) {
			found = append(found, p)
		}
		text = rest
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
