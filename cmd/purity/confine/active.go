package confine

import (
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/overlay"
	"github.com/nix-purity/purity/nixeval"
)

// active names the confinement of a plan: its policy, and the request that it was made for.
func (p Plan) active() string { return p.Policy.Hash() + "-" + p.Identity() }

// Active reports whether this process runs in a confinement made for the very same
// request. Inside, Nix and purity's cache are out of reach, so this has to be known
// without them. The variable alone is only a claim; the kernel is asked too, and whether
// the project is the overlay that is asked for.
func (a Ask) Active() bool {
	_, asked, ok := strings.Cut(os.Getenv(caller.Active), "-")
	return ok && asked == a.Identity() && enforce.Confined() && (!a.overlaid() || overlay.Mounted(a.Project.Dir))
}

// Inside reports whether this process runs in any confinement of purity's.
func Inside() bool { return os.Getenv(caller.Active) != "" && enforce.Confined() }

const here = "the confinement that this command runs in"

// RunHere replaces purity by a command, in the confinement that it is in.
func RunHere(command, calling []string) error {
	file := command[0]
	if !strings.Contains(file, "/") {
		if file = nixeval.Find(file, os.Getenv("PATH")); file == "" {
			return &words.AbsentError{Name: command[0], Source: here, Command: command}
		}
	}
	return &enforce.ExecError{Path: file, Err: syscall.Exec(file, command, calling)}
}

// Again is a command in the confinement and the environment that this process is in already.
func (a Ask) Again(command, calling []string) (Job, error) {
	environ := slices.Clone(calling)
	for _, v := range a.Set {
		name, _, _ := strings.Cut(v, "=")
		environ = append(Without(environ, name), v)
	}
	for _, name := range a.Unset {
		environ = Without(environ, name)
	}
	p := Plan{Ask: a, Found: Found{Env: nixeval.Environment{Source: here}}}
	path, err := p.Find(command[0], environ)
	return p.job(Launch{path, command, environ}, true), err
}

// Without is an environment without a variable.
func Without(environ []string, name string) []string {
	return slices.DeleteFunc(environ, func(v string) bool { return strings.HasPrefix(v, name+"=") })
}
