package hook

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/nix-purity/purity/cmd/purity/allow"
	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/programs"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/nixeval"
)

// Direnv is a request of an .envrc.
type Direnv struct {
	programs.Call
	Nix     nixeval.Nix
	Project trees.Project
	Request nixeval.Request
	Flags   config.Settings
	Instead string // the file that takes the place of purity.toml
	KeepAll bool
}

// entered is the environment that direnv is to have.
type enteredEnv struct {
	env  nixeval.Environment
	home string // its HOME, where that is known
	dir  string // its shims
}

// Print prints shell code for direnv's bash. Without an environment, too, direnv has to
// know the files whose change could mend that.
func (d Direnv) Print() error {
	e, err := d.load()
	if err != nil {
		return err
	}
	run := nixeval.Run{Home: e.home, Temp: os.TempDir(), Dir: d.Project.Cwd, Project: d.Project.Dir}
	fmt.Fprint(d.Stdout, exports(d.Environ, e.dir, d.Project.Dir, caller.Exported(e.env.Variables(run))), "_purity_stay_first\n")
	return nil
}

// load returns the environment to use. It keeps an allowed environment even if a command
// changed or removed files of the project: without it the next program would run unconfined.
func (d Direnv) load() (enteredEnv, error) {
	identity := d.Request.Identity("direnv", d.Instead, confine.FlagsIdentity(d.Flags, d.Project.Cwd), programs.IdentityOf(shim.Choice{Add: d.Flags.Shim, Remove: d.Flags.NoShim}))
	dir := filepath.Join(d.Nix.ProjectDir(d.Project.Dir), "direnv-"+identity[:8])
	set, env, noShims := d.before(dir)
	before := enteredEnv{env: env, dir: dir}
	fmt.Fprint(d.Stdout, WatchFiles(d.watched(set)))
	permission, changed, err := programs.PermissionOf(d.Project.Dir)
	switch {
	case err == nil && permission == allow.Unknown:
		err = programs.NotAllowed(d.Project.Dir, permission, changed)
	case err == nil && permission == allow.Changed && noShims == nil:
		d.Warn(screen.Warning{Text: changed + " changed since it was allowed, and the environment from before is in use", Hint: "look at it, then: purity allow"})
		return before, nil
	case err == nil && permission == allow.Allowed && noShims == nil && set.Changed() == "":
		return before, nil
	}
	if err != nil {
		return enteredEnv{}, err
	}
	now, err := d.evaluate(dir)
	if err == nil || noShims != nil {
		return now, err
	}
	message, _, _ := words.Explain(err)
	d.Warn(screen.Warning{Text: "the environment from before stays: " + message})
	return before, nil
}

// evaluate makes the shims of the environment that is asked for.
func (d Direnv) evaluate(dir string) (enteredEnv, error) {
	ask, err := confine.New(d.Voice, d.Nix, d.Project, d.Request, d.Flags, d.Instead)
	if err != nil {
		return enteredEnv{}, err
	}
	ask.KeepAll = d.KeepAll
	if err := programs.Check(d.Voice, ask); err != nil {
		return enteredEnv{}, err
	}
	found, err := programs.Allowed(confine.From(ask, confine.FromNix(d.Voice, false), d.Environ), d.Project.Dir)(context.Background(), ask)
	if err != nil {
		return enteredEnv{}, err
	}
	made, err := d.Make(ask, found, dir, shim.Set{Renewed: true, Renew: "direnv reload"})
	if err == nil {
		d.Log.Info().Msg(made.Count())
	}
	return enteredEnv{made.Env, made.Home, dir}, err
}

// before is the environment of the shims that are there already. It is an error if there
// are none that would run.
func (d Direnv) before(dir string) (shim.Set, nixeval.Environment, error) {
	set, err := shim.Read(dir)
	if err != nil {
		return set, nixeval.Environment{}, err
	}
	env, ok := d.Nix.Recall(d.Project.Dir, set.Entry)
	if !ok {
		return set, env, fmt.Errorf("use shims of %s: their environment is gone", dir)
	}
	if set, err = programs.Rechoose(d.Voice, d.Nix, d.Project, dir, set, env); err != nil {
		return set, env, err
	}
	return set, programs.Hooked(env, set), programs.TakeOver(d.Nix, dir, set, env)
}

// watched are the files that define the environment and those that did when the shims were
// made; where only Nix can tell, the file it begins with. The sources beside them change
// all the time.
func (d Direnv) watched(set shim.Set) []string {
	files, err := d.Nix.Inputs(d.Request)
	if err != nil || len(files) == 0 {
		files = []string{filepath.Join(d.Project.Dir, "flake.nix"), filepath.Join(d.Project.Dir, "flake.lock")}
		if d.Request.File != "" {
			files = []string{d.Request.File}
		}
	}
	var watched []string
	for _, s := range append(shim.Definition(files), set.Definition...) {
		if !slices.Contains(watched, s.Path) {
			watched = append(watched, s.Path)
		}
	}
	return watched[:min(len(watched), maxWatchedByDirenv)]
}

// maxWatchedByDirenv is how many files direnv is given to watch: it keeps their
// names and times in a variable, and one of 128 KiB is too long for Linux.
const maxWatchedByDirenv = 1500

// WatchFiles has direnv load anew when a file changes.
func WatchFiles(files []string) string {
	return "watch_file " + shell.Join(files...) + "\n"
}
