package hook

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

// Make fills a directory with the shims of an environment, and tells how many. How they are
// to be renewed is in set. The environment that is returned is the one after the
// shellHook, with its HOME.
func (h Hooks) Make(ask confine.Ask, found confine.Found, dir string, set shim.Set) (env nixeval.Environment, home string, count int, err error) {
	env = found.Env
	if err := ask.Project.Make(); err != nil {
		return env, "", 0, err
	}
	to, err := enforce.Resolve(dir, ask.WritableTrees())
	if err != nil {
		return env, "", 0, words.Hint(fmt.Errorf("write shims: %w", err), "leave --dir out, or name a directory elsewhere")
	}
	dir = to
	plan, err := ask.Plan(found)
	h.Warn(plan.Warnings...)
	if err != nil {
		return env, "", 0, err
	}
	if err := closedToCommands(plan, dir); err != nil {
		return env, "", 0, err
	}
	self, err := os.Executable()
	if err != nil {
		return env, "", 0, fmt.Errorf("write shims: %w", err)
	}
	files, err := definition(ask.Nix, ask.Request)
	if err != nil {
		return env, "", 0, err
	}
	set.Request, set.Settings, set.Config = ask.Request, ask.Flags, ask.Instead
	set.File, set.Text = "", ""
	if ask.File != nil {
		set.File, set.Text = ask.File.Path, ask.File.Text()
	}
	set.Request.Refresh = false
	set.Entry, set.Definition = env.Key(), shim.Definition(files)
	if env.Hooked {
		if set.Hooked, err = h.runHook(plan, set); err != nil {
			return env, "", 0, err
		}
		env = env.After(*set.Hooked)
	}
	programs := withDrivers(shim.Programs(env.Path()), set.Outside)
	return env, plan.HomeDir, len(programs), placeShims(ask.Nix, env, dir, self, set, programs)
}

// placeShims writes shims and sees to it that what they need stays: their environment,
// and purity itself, without which a shell would pass over them to a program of the
// host.
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

// closedToCommands refuses a directory for shims that a confined command could
// write: it would say what the next one may do.
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
		return words.Hint(fmt.Errorf("start purity later: %w", err), selfHint)
	}
	return nil
}
