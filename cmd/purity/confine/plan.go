// Package confine turns a request into the rights of a command, in values of which each is
// made from the one before:
//
//	Ask ──Source──► Found ──Plan──► Plan
//
// The order of checks is a security property, and this is it. An ask is checked before
// anything is evaluated: whether purity.toml was allowed, whether the kernel upholds the
// policy. To make a plan reads the machine, and changes nothing but purity's record of
// whether there can be views; commands that only print stop there.
package confine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nix-purity/purity/closure"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/nixeval"
)

// Plan is the rights of a command, and in which environment.
type Plan struct {
	Ask
	Found
	Policy   enforce.Policy
	HomeDir  string           // the command's HOME
	Sees     Sight            // the files that it is shown
	Warnings []screen.Warning // grants that the policy leaves out, and why

	Git                   host.Identity // who the user is, for git
	PresetKeep, PresetSet []string      // variables that presets ask for
}

// Plan makes the policy of an environment. It changes nothing. Where that cannot be, there
// are the warnings of as far as it came.
func (a Ask) Plan(found Found) (Plan, error) {
	g := granting{Ask: a, trees: a.WritableTrees()}
	rows, home, err := g.grants(found.Env)
	p := Plan{Ask: a, Found: found, Policy: a.Frame(), HomeDir: home, Warnings: g.warnings, Git: g.identity, PresetKeep: g.keep, PresetSet: g.set}
	if err != nil {
		return p, err
	}
	p.Policy.Network = g.ports(p.Policy.Network)
	p.Policy.Grants = rows
	if err := p.show(); err != nil {
		return p, err
	}
	if a.Shims != "" {
		if err := p.Closed(a.Shims); err != nil {
			return p, fmt.Errorf("use shims: %w", err)
		}
	}
	return p, nil
}

// Resolve finds the environment and makes the policy.
func (a Ask) Resolve(ctx context.Context, from Source) (Plan, error) {
	found, err := from(ctx, a)
	if err != nil {
		return Plan{}, err
	}
	return a.Plan(found)
}

// Executable reports whether the policy lets path be executed.
func (p Plan) Executable(path string) bool { return len(p.Policy.Covering(path, enforce.Execute)) > 0 }

// Closed is an error where the policy lets commands write a path. In a view /tmp is the
// command's own; there the policy without the view counts, under which other commands of
// the project may run.
func (p Plan) Closed(path string) error {
	policy := p.Policy
	if p.Sees.View != nil {
		policy = p.Sees.Plain
	}
	for _, g := range policy.Covering(path, enforce.Write) {
		return fmt.Errorf("a confined command may write %s (%s)", path, g.Reason)
	}
	return nil
}

// StorePath is the store path that a file is in, empty if it is in none.
func (f Found) StorePath(file string) string {
	path, _, err := closure.Within(f.Env.StoreDir, file)
	if err != nil {
		return ""
	}
	return string(path)
}

// Find looks a command up as a shell would; a name with a slash is a path.
func (p Plan) Find(name string, environ []string) (string, error) {
	if strings.Contains(name, "/") {
		if filepath.IsAbs(name) {
			return name, nil
		}
		return filepath.Join(p.Project.Cwd, name), nil
	}
	for _, v := range environ {
		if path, ok := strings.CutPrefix(v, "PATH="); ok {
			if file := nixeval.FindIn(p.Nix.Store(), name, path); file != "" {
				return file, nil
			}
		}
	}
	return "", p.Absent([]string{name})
}

func (p Plan) Absent(command []string) *words.AbsentError {
	name := command[0]
	return &words.AbsentError{Name: name, Source: p.Env.Source, Host: nixeval.Find(name, os.Getenv("PATH")), Command: command}
}
