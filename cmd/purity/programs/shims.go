package programs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/nixeval"
)

// Made are shims that were made.
type Made struct {
	Env        nixeval.Environment // after its shellHook
	Home       string              // the HOME of the programs
	Shims, Own int                 // how many programs they confine, and how many are the user's own
}

// Count says how many programs shims confine, and how many they do not.
func (m Made) Count() string {
	switch {
	case !m.Env.Tells():
		return fmt.Sprintf("%d programs confined, all of them: it does not tell which are declared", m.Shims)
	case m.Own > 0:
		return fmt.Sprintf("%d programs confined, %d your own", m.Shims, m.Own)
	}
	return fmt.Sprintf("%d programs confined", m.Shims)
}

// Make fills a directory with the shims of an environment. How they are to be renewed is
// in set.
func (h Call) Make(ask confine.Ask, found confine.Found, dir string, set shim.Set) (made Made, err error) {
	env := found.Env
	made.Env = env
	if err := ask.Project.Make(); err != nil {
		return made, err
	}
	to, err := enforce.Resolve(dir, ask.WritableTrees())
	if err != nil {
		return made, words.Hint(fmt.Errorf("write shims: %w", err), "leave --dir out, or name a directory elsewhere")
	}
	dir = to
	plan, err := ask.Plan(found)
	h.Warn(plan.Warnings...)
	if err != nil {
		return made, err
	}
	if err := closedToCommands(plan, dir); err != nil {
		return made, err
	}
	self, err := os.Executable()
	if err != nil {
		return made, fmt.Errorf("write shims: %w", err)
	}
	files, err := definition(ask.Nix, ask.Request)
	if err != nil {
		return made, err
	}
	set.Request, set.Settings, set.Config = ask.Request, ask.Flags, ask.Instead
	set.Store = ask.Nix.Root
	set.File, set.Text = textOf(ask)
	set.Request.Refresh = false
	set.Entry, set.Definition = env.Key(), shim.Definition(files)
	if env.Hooked {
		if set.Hooked, err = h.runHook(plan, set); err != nil {
			return made, err
		}
		env = env.After(*set.Hooked)
	}
	set.Choice = ChoiceOf(ask.Settings)
	h.Warn(unknown(env, set.Choice)...)
	programs := choose(env, &set)
	made = Made{Env: env, Home: plan.HomeDir, Shims: set.Count, Own: len(set.Own)}
	return made, placeShims(ask.Nix, env, dir, self, set, withDrivers(programs, set.Outside))
}

// placeShims writes shims, and keeps their environment and purity itself from garbage
// collection: without purity a shell would pass over a shim to a program of the host.
func placeShims(nix nixeval.Nix, env nixeval.Environment, dir, self string, set shim.Set, programs []string) error {
	old, _ := shim.Read(dir)
	if err := set.Write(dir, self, programs); err != nil {
		return err
	}
	if err := env.Pin(dir); err != nil {
		return err
	}
	if before, ok := nix.Recall(old.Request.Project, old.Entry); ok && old.Entry != set.Entry {
		if err := before.Unpin(dir); err != nil {
			return err
		}
	}
	return nix.Keep(context.Background(), self, filepath.Join(dir, ".root"))
}

// closedToCommands denies a directory for shims that a confined command could write: the
// command would choose the grants of the next one.
func closedToCommands(p confine.Plan, dir string) error {
	const elsewhere = "leave --dir out, or name a directory elsewhere"
	if err := p.Closed(dir); err != nil {
		return words.Hint(fmt.Errorf("write shims: %w", err), elsewhere)
	}
	if at := projectAround(p.Nix, dir); at != "" {
		return words.Hint(fmt.Errorf("write shims: %s is in the project %s, whose commands may write there", dir, at), elsewhere)
	}
	if err := SelfClosed(p.Nix); err != nil {
		return err
	}
	if err := p.Closed(caller.Self()); err != nil {
		return words.Hint(fmt.Errorf("use purity in hooks and shims: %w", err), selfHint)
	}
	return nil
}
