// Package confine turns a request into the rights of a command, in values that are each
// made from the one before:
//
//	Ask ──Source──► Found ──Plan──► Plan
//
// This order of checks is a security property. purity checks an ask before it evaluates
// anything: whether purity.toml was allowed, and whether the kernel upholds the policy. To
// make a plan, purity reads the machine and changes only its record of whether views work.
// Commands that only print stop there.
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

// Plan is the rights of a command, and its environment.
type Plan struct {
	Ask
	Found
	Policy   enforce.Policy
	HomeDir  string           // the command's HOME
	Sees     Sight            // the files that it sees
	Warnings []screen.Warning // grants that the policy leaves out, and why

	Git                   host.Identity // of the user
	PresetKeep, PresetSet []string      // variables that presets ask for
}

// Plan makes the policy of an environment. It changes nothing but the record of views. On an
// error, the plan has the warnings so far.
func (a Ask) Plan(found Found) (Plan, error) {
	g := granting{Ask: a, trees: a.WritableTrees()}
	rows, home, err := g.grants(found.Env)
	p := Plan{Ask: a, Found: found, Policy: a.Frame(), HomeDir: home, Warnings: g.warnings, Git: g.identity, PresetKeep: g.keep, PresetSet: g.set}
	if err != nil {
		return p, err
	}
	p.Policy.Network = g.ports(p.Policy.Network)
	p.Policy.Grants = rows
	if err := wide(rows); a.Enforced() && err != nil {
		return p, err
	}
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

// wide returns an error if a row grants the root directory, which no policy can.
func wide(rows []enforce.Grant) error {
	for _, g := range rows {
		if filepath.Clean(g.Path) == "/" {
			return words.Hint(fmt.Errorf("grant / (%s): the whole file system is no grant", g.Reason), "grant the directories that the command needs, or --mode audit, which confines nothing")
		}
	}
	return nil
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

// Closed returns an error if the policy lets commands write a path. In a view /tmp is the
// command's own, so there the policy without the view counts: other commands of the project
// may run under it.
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

// StorePath returns the store path of a file, empty for a file outside the store.
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
