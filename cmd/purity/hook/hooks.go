// Package hook confines what people start in their own shells: shims in front of PATH, the
// hooks of prompts, direnv and dev shells that put them there, and their renewal.
package hook

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/cmd/purity/watch"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/nixeval"
)

// Hooks is what purity was called with, for what it does on behalf of a shell.
type Hooks struct {
	screen.Voice
	caller.Called
	Variables func() (config.Settings, error) // what PURITY_ variables say
}

// check makes sure that an ask can be confined.
func check(v screen.Voice, a confine.Ask) error {
	warnings, err := a.Check()
	v.Warn(warnings...)
	return err
}

// Shim is a program that was called by the name of a shim.
type Shim struct {
	confine.Ask
	Command []string
	From    confine.Source
}

// Shim is what the program of a shim, in a directory of them, is to run with arguments.
// Programs that are to run unconfined it becomes.
func (h Hooks) Shim(dir, name string, args []string) (Shim, error) {
	set, err := shim.Read(dir)
	if errors.Is(err, os.ErrNotExist) {
		return Shim{}, words.Hint(fmt.Errorf("run %s: there are no shims in %s, and purity does not go by that name", name, dir), "purity exec -- "+name)
	} else if err != nil {
		return Shim{}, fmt.Errorf("run %s: %w", name, err)
	}
	if name == "bash" && loadsEnvrc(args) {
		return Shim{}, runOutside(h.Environ, name, args)
	}
	if slices.Contains(set.Outside, name) {
		return Shim{}, h.drive(set, dir, name, args)
	}
	command := append([]string{name}, args...)
	if name == shim.ByPath {
		if command, err = confine.CommandLine(args, "exec"); err != nil {
			return Shim{}, err
		}
	}
	nix, err := confine.Nix(h.Voice)
	if err != nil {
		return Shim{}, err
	}
	if name == shim.ByPath && !(ByPath{set.Request.Project, nix.StoreDir()}).Confines(command[0]) {
		return Shim{}, confine.Become(command[0], command, h.Environ, "/bin/sh")
	}
	cwd, err := os.Getwd()
	if err == nil {
		cwd, err = filepath.EvalSymlinks(cwd)
	}
	if err != nil {
		return Shim{}, fmt.Errorf("find working directory: %w", err)
	}
	ask, err := h.Ask(nix, set, dir, cwd)
	return Shim{ask, command, h.from(set, dir)}, err
}

// Ask is what a command asks that the shims of a directory are called for, in a working
// directory. Variables for purity count as they are now.
func (h Hooks) Ask(nix nixeval.Nix, set shim.Set, dir, cwd string) (confine.Ask, error) {
	project := confine.StandsFor(nix, set.Request.Project, cwd)
	if err := project.Check(nix); err != nil {
		return confine.Ask{}, err
	}
	variables, err := h.Variables()
	if err != nil {
		return confine.Ask{}, err
	}
	ask, err := confine.New(h.Voice, nix, project, set.Request, set.Settings.Under(variables), set.Config)
	if err != nil {
		return ask, err
	}
	ask.Shims, ask.Since = dir, h.Since()
	return keepAllowed(h.Voice, ask, set)
}

// keepAllowed has the settings be those that the shims were made with where a hook
// looks after them and purity.toml changed since without being allowed: a command can
// have taken out what it narrows.
func keepAllowed(v screen.Voice, ask confine.Ask, set shim.Set) (confine.Ask, error) {
	now := ""
	if ask.File != nil {
		now = ask.File.Path + "\n" + ask.File.Text()
	}
	if !set.Renewed || set.Config != "" || now == set.File+"\n"+set.Text || now == "" && set.File == "" {
		return ask, nil
	}
	if permission, _, err := permissionOf(set.Request.Project); err == nil && permission == config.Allowed {
		return ask, nil
	}
	var file *config.File
	if set.File != "" {
		var err error
		if file, err = config.Parse(set.File, []byte(set.Text)); err != nil {
			return ask, err
		}
	}
	return ask.With(v, file)
}

// from is the environment that shims were made for, in the cache or evaluated.
func (h Hooks) from(set shim.Set, dir string) confine.Source {
	if set.Entry != "" {
		return h.FromShims(set, dir)
	}
	nix := watch.FromParent(confine.FromNix(h.Voice, false))
	return func(ctx context.Context, a confine.Ask) (confine.Found, error) {
		found, err := nix(ctx, a)
		found.Renew = set.Renew
		return found, err
	}
}

// FromShims is the environment that shims were made for, in the cache. It begins to renew
// shims that somebody looks after, where that may be.
func (h Hooks) FromShims(set shim.Set, dir string) confine.Source {
	return func(_ context.Context, a confine.Ask) (confine.Found, error) {
		found := confine.Found{Renew: set.Renew}
		env, ok := a.Nix.Recall(set.Request.Project, set.Entry)
		if !ok {
			if set.Renewed && dir != "" { // who sees to it looks when it was made
				os.Chtimes(filepath.Join(dir, shim.File), time.Unix(0, 0), time.Unix(0, 0))
			}
			return found, words.Hint(fmt.Errorf("use shims of %s: the environment of %s is cached no more", dir, a.Request), set.Renew)
		}
		found.Env = hooked(env, set)
		if !set.Renewed {
			if file := set.Changed(); file != "" {
				return found, words.Hint(fmt.Errorf("use shims of %s: %s changed since they were made", dir, file), set.Renew)
			}
			return found, nil
		}
		if state, stale := staleness(a.Nix.Without(env), set); stale && dir != "" {
			if mayEvaluate(a.Nix.Without(env), a.Request, a.Request.Project) == nil {
				startRenewal(h.Voice, dir, state)
			}
		}
		return found, nil
	}
}

// hooked is an environment as it was after its shellHook.
func hooked(env nixeval.Environment, set shim.Set) nixeval.Environment {
	if set.Hooked == nil {
		return env
	}
	return env.After(*set.Hooked)
}
