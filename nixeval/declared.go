package nixeval

import (
	"encoding/json"
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
// as they are in the closure; what else it has comes with what it is made of.
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

// Mentions reports whether a variable of the dev shell names a store path, alone
// or with more: whether programs find what is in it.
func (e Environment) Mentions(path closure.Path) bool {
	return slices.ContainsFunc(e.variables, func(v string) bool { return strings.Contains(v, string(path)) })
}
