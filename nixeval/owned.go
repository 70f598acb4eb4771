package nixeval

import (
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// Owned is the set of variables that some environments have set. The zero value is none.
type Owned struct {
	values map[string]bool // NAME=value
	names  map[string]bool // whose values cannot be compared
}

// Set reports whether NAME=value was set by one of the environments.
func (o Owned) Set(v string) bool {
	name, _, _ := strings.Cut(v, "=")
	return o.values[v] || o.names[name]
}

// Add takes in the exports of e. Values in which purity or Nix puts something else in the
// place of a path cannot be compared, so their names stand for them.
func (o *Owned) Add(e Environment) {
	o.add(e.variables, e.outputs, e.hookTemp)
}

func (o *Owned) add(variables []string, outputs map[string]string, temp string) {
	if o.values == nil {
		o.values, o.names = map[string]bool{}, map[string]bool{}
	}
	for _, v := range variables {
		name, value, _ := strings.Cut(v, "=")
		o.values[v] = true
		if temp != "" && strings.Contains(value, temp) {
			o.names[name] = true
		}
		for _, path := range outputs {
			if strings.Contains(value, path) {
				o.names[name] = true
			}
		}
	}
}

// assigned matches an assignment in bash, as it is usually written.
var assigned = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\b([A-Za-z_][A-Za-z0-9_]*)\+?=`) })

// Owned is the set of variables of the environments that could be that of the active shell, and
// whether one of them certainly is. A shellHook that Nix has run leaves variables that
// nothing tells; those that it assigns to are taken for its own.
//
// NIX_GCROOT, of `nix develop`, names the active one if the variables by which a stdenv
// builds are as that has them: another shell can have been started in there since. Variables that
// links of the project name, in .devenv and .direnv, a command can have left there.
func (n Nix) Owned(project string) (owned Owned, known bool) {
	for _, root := range n.activeRoots(project) {
		shell, err := readDevEnv(string(root))
		if err != nil {
			continue
		}
		owned.add(shell.exported(), shell.outputs(), "")
		for _, match := range assigned().FindAllStringSubmatch(shell.hook(), -1) {
			owned.names[match[1]] = true
		}
		if filepath.Clean(lookup(n.Environ, "NIX_GCROOT")) == string(root) {
			known = n.agrees(shell)
		}
	}
	return owned, known
}

// agrees reports whether the variables are those of a dev shell, by the ones that differ
// between two shells.
func (n Nix) agrees(shell devEnv) bool {
	for _, name := range []string{"stdenv", "builder", "buildInputs", "nativeBuildInputs"} {
		if v, ok := shell.Variables[name]; ok && v.Type == "exported" && v.Value != lookup(n.Environ, name) {
			return false
		}
	}
	return true
}
