package hook

import (
	"fmt"
	"hash/fnv"
	"os"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/programs"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/nixeval"
)

// exported are the variables of an environment that the user's own shell gets in a project:
// those that direnv would export, without the ones that run code.
func exported(env nixeval.Environment, set shim.Set, p trees.Project) []string {
	run := nixeval.Run{Temp: os.TempDir(), Dir: p.Dir, Project: p.Dir}
	var variables []string
	for _, v := range caller.Exported(programs.Hooked(env, set).Variables(run)) {
		if name, _, _ := strings.Cut(v, "="); shell.IsName(name) {
			variables = append(variables, v)
		}
	}
	return variables
}

// exportCall has the shell export variables, unless it has done so. The shell keeps the
// version of its exports as their first word, to compare.
func (h *Prompt) exportCall(variables []string) string {
	sum := fnv.New64a()
	fmt.Fprintf(sum, "%q", variables)
	version := fmt.Sprintf("%016x", sum.Sum64())
	if have, _, _ := strings.Cut(os.Getenv(caller.Exports), " "); have == version {
		return ""
	}
	args := []string{version}
	for _, v := range variables {
		name, value, _ := strings.Cut(v, "=")
		args = append(args, name, value)
	}
	return shell.Call(h.Shell, "_purity_export", args...)
}
