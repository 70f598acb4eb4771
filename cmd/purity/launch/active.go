package launch

import (
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/nixeval"
)

const here = "the confinement that this command runs in"

// RunHere replaces purity by a command, in the confinement of this process.
func RunHere(command, calling []string) error {
	file := command[0]
	if !strings.Contains(file, "/") {
		if file = nixeval.Find(file, os.Getenv("PATH")); file == "" {
			return &words.AbsentError{Name: command[0], Source: here, Command: command}
		}
	}
	defer caller.Unmask()()
	return &enforce.ExecError{Path: file, Err: syscall.Exec(file, command, calling)}
}

// Again returns the job of a command in the present confinement and environment of this process.
func Again(a confine.Ask, command, calling []string) (Job, error) {
	environ := slices.Clone(calling)
	for _, v := range a.Set {
		name, _, _ := strings.Cut(v, "=")
		environ = append(Without(environ, name), v)
	}
	for _, name := range a.Unset {
		environ = Without(environ, name)
	}
	p := confine.Plan{Ask: a, Found: confine.Found{Env: nixeval.Environment{Source: here}}}
	path, err := p.Find(command[0], environ)
	return newJob(p, Target{path, command, environ}, true), err
}

// Without returns an environment without a variable.
func Without(environ []string, name string) []string {
	return slices.DeleteFunc(environ, func(v string) bool { return strings.HasPrefix(v, name+"=") })
}
