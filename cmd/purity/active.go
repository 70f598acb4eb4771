package main

import (
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/nixeval"
)

// activeVariable tells a purity inside a confinement which one it is in:
// the policy, and the request that it was made for.
const activeVariable = "PURITY_ACTIVE"

// onlyWatchedVariable says by which mode a command is watched and not confined, so
// that a shellHook in it leaves it so.
const onlyWatchedVariable = "PURITY_ONLY_WATCHED"

func (p *plan) active() string { return p.policy.Hash() + "-" + p.asked }

// alreadyConfined reports whether this process runs in a confinement made for
// the very same request. Inside, Nix and purity's cache are out of reach, so
// this has to be known without them. The variable alone is only a claim; the
// kernel is asked too.
func (p *plan) alreadyConfined() bool {
	_, asked, ok := strings.Cut(os.Getenv(activeVariable), "-")
	return ok && asked == p.asked && enforce.Confined()
}

// runHere replaces purity by a command, in the confinement that it is in.
func (a *app) runHere(command []string) error {
	file := command[0]
	if !strings.Contains(file, "/") {
		if file = nixeval.Find(file, os.Getenv("PATH")); file == "" {
			return &words.AbsentError{Name: command[0], Source: "the confinement that this command runs in"}
		}
	}
	return &enforce.ExecError{Path: file, Err: syscall.Exec(file, command, a.calling)}
}

// runAgain runs a command in the confinement and the environment that this
// process is in already.
func (p *plan) runAgain(command []string) error {
	environ := slices.Clone(p.app.calling)
	for _, v := range p.Set {
		name, _, _ := strings.Cut(v, "=")
		environ = append(without(environ, name), v)
	}
	for _, name := range p.Unset {
		environ = without(environ, name)
	}
	p.env.Source = "the confinement that this command runs in"
	path, err := p.find(command[0], environ)
	if err != nil {
		return err
	}
	return p.exec(launch{path, command, environ}, true, nil)
}

func without(environ []string, name string) []string {
	return slices.DeleteFunc(environ, func(v string) bool { return strings.HasPrefix(v, name+"=") })
}
