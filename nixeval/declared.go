package nixeval

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/closure"
)

// inputVariables hold the packages that a dev shell names: mkShell puts packages
// among nativeBuildInputs.
var inputVariables = []string{
	"nativeBuildInputs", "buildInputs", "propagatedBuildInputs", "propagatedNativeBuildInputs",
	"depsBuildBuild", "depsBuildTarget", "depsHostHost", "depsTargetTarget",
}

// Declared are the store paths that the dev shell names as its packages, as far
// as they are in the closure; the rest comes with its stdenv.
func (e Environment) Declared() []closure.Path {
	var named []string
	for _, v := range e.variables {
		if name, value, _ := strings.Cut(v, "="); slices.Contains(inputVariables, name) {
			named = append(named, strings.Fields(value)...)
		}
	}
	if e.attrs != nil {
		var attrs map[string]any
		if json.Unmarshal([]byte(e.attrs.JSON), &attrs) == nil { // Nix has written it
			for _, name := range inputVariables {
				list, _ := attrs[name].([]any)
				for _, element := range list {
					if s, ok := element.(string); ok {
						named = append(named, s)
					}
				}
			}
		}
	}
	var paths []closure.Path
	for _, name := range named {
		if path, err := closure.Parse(e.StoreDir, name); err == nil && e.Contains(name) {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// initialPath has the packages that stdenv puts in every PATH: coreutils, sed, tar
// (pkgs/stdenv/generic/setup.sh). It is no variable that a shell exports.
const initialPath = "initialPath"

// setUndeclared notes which packages of PATH a dev shell has without declaring them. It
// asks Nix's answer, not the state after the shellHook.
func (e *Environment) setUndeclared(shell devEnv, store closure.Store) {
	initial := append(strings.Fields(shell.text(initialPath)), shell.Variables[initialPath].Array...)
	if e.told = len(initial) > 0; !e.told {
		return
	}
	declared := e.propagated(e.Declared(), store)
	for _, name := range initial {
		path, err := closure.Parse(e.StoreDir, name)
		if err == nil && e.Contains(name) && !slices.Contains(declared, path) {
			e.undeclared = append(e.undeclared, path)
		}
	}
}

// propagated are some packages with all that they propagate, as stdenv reads it
// (pkgs/stdenv/generic/setup.sh, findInputs).
func (e Environment) propagated(packages []closure.Path, store closure.Store) []closure.Path {
	all := slices.Clone(packages)
	for i := 0; i < len(all); i++ {
		files, _ := filepath.Glob(filepath.Join(store.Follow(filepath.Join(string(all[i]), "nix-support")), "propagated-*")) // the pattern is well-formed
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				continue
			}
			for _, name := range strings.Fields(string(data)) {
				path, err := closure.Parse(e.StoreDir, name)
				if err == nil && e.Contains(name) && !slices.Contains(all, path) {
					all = append(all, path)
				}
			}
		}
	}
	return all
}

// Tells reports whether e tells the packages that it declares from those that come with
// every dev shell.
func (e Environment) Tells() bool { return e.told }

// Undeclared reports whether a file is of a package that comes with every dev shell,
// and that this one does not declare. Where e does not tell, none is.
func (e Environment) Undeclared(file string) bool {
	path, _, err := closure.Within(e.StoreDir, file)
	return err == nil && slices.Contains(e.undeclared, path)
}

// Mentions reports whether a variable of the dev shell names a store path, alone
// or with more: whether programs find its files.
func (e Environment) Mentions(path closure.Path) bool {
	return slices.ContainsFunc(e.variables, func(v string) bool { return strings.Contains(v, string(path)) })
}
