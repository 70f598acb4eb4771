package hook

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/cmd/purity/allow"
	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/programs"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/nixeval"
)

// Prompt is a shell that asks for instructions at a prompt, in its working directory.
type Prompt struct {
	programs.Call
	Shell string
	Key   string // store path of the environment that it has entered
	Said  string // the last message: no message is printed twice in a row
	Sign  bool   // its prompt shows that it is in a project
	Told  string // projects never allowed, one a line, that purity has mentioned already

	made  bool   // shims were made, which was said
	again bool   // it is to ask again at the next prompt
	mark  string // for the prompt
}

// Here returns code for the shell to evaluate.
func (h *Prompt) Here() string {
	if dir, owner := foreignShims(h.Path); dir != "" {
		h.Log.Warn().Msgf("%s: these shims belong to %s; they are taken out of PATH", dir, owner)
		return shell.Call(h.Shell, "_purity_leave", dir, "1", "", "") // and asks again
	}
	if othersShims(h.Path) {
		return shell.Call(h.Shell, "_purity_yield")
	}
	nix, err := confine.Nix(h.Voice)
	if err != nil {
		return h.leave(nix, err.Error())
	}
	cwd, err := os.Getwd()
	if err == nil {
		cwd, err = filepath.EvalSymlinks(cwd)
	}
	if err != nil {
		return h.leave(nix, "") // the directory is gone
	}
	dir, permission, changed, err := entered(cwd)
	p := trees.Project{Dir: dir, Cwd: cwd}
	switch {
	case err != nil:
		return h.leave(nix, "nothing is confined: "+err.Error())
	case dir == "" || p.Check(nix) != nil:
		return h.leave(nix, "")
	case permission == allow.Unknown && !exists(filepath.Join(dir, config.Name)):
		return h.never(nix, dir)
	case permission == allow.Unknown:
		h.again, h.mark = true, "(not confined) " // it can be allowed in another terminal
		return h.leave(nix, dir+" was not allowed, and nothing is confined; look at it, then: purity allow")
	}
	return h.enter(nix, p, permission, changed)
}

// never leaves in a project that was never allowed, and has nothing of purity's. It says
// so once.
func (h *Prompt) never(nix nixeval.Nix, dir string) string {
	defined := slices.ContainsFunc(config.Definitions, func(name string) bool { return exists(filepath.Join(dir, name)) })
	if !defined {
		return h.leave(nix, "")
	}
	h.again = true // it can be allowed in another terminal
	if slices.Contains(strings.Split(h.Told, "\n"), dir) {
		return h.leave(nix, "")
	}
	return h.leave(nix, dir+" was never allowed, and nothing is confined; to have it confined: purity allow") + shell.Call(h.Shell, "_purity_tell", dir)
}

// othersShims reports whether shims are in PATH that direnv, or the dev shell that is
// active, looks after.
func othersShims(path string) bool {
	dir := os.Getenv(caller.Shims)
	return dir != "" && slices.Contains(strings.Split(path, ":"), dir)
}

// foreignShims are shims in a PATH that belong to another user, as su and sudo can leave
// them there.
func foreignShims(path string) (dir, owner string) {
	for _, dir := range filepath.SplitList(path) {
		if owner := shim.Owner(dir); filepath.IsAbs(dir) && owner != "" {
			return dir, owner
		}
	}
	return "", ""
}

// hookShims is where the shims are that hooks put in front of PATH.
func hookShims(nix nixeval.Nix, dir string) string {
	return filepath.Join(nix.ProjectDir(dir), "shims")
}

// enter puts the shims in front of PATH, making or renewing them as need be.
func (h *Prompt) enter(nix nixeval.Nix, p trees.Project, permission allow.Permission, changed string) string {
	dir := hookShims(nix, p.Dir)
	set, env, err := h.shims(nix, p, dir, permission, changed)
	if err != nil {
		message, hint, _ := words.Explain(err)
		h.again, h.mark = true, "(not confined) "
		if hint != "" {
			message += "; " + hint
		}
		return h.leave(nix, "nothing is confined: "+message)
	}
	message := ""
	root := string(env.Roots[0])
	entering := os.Getenv(caller.Project) != p.Dir
	switch {
	case !entering && h.Key != "" && h.Key != root:
		message = fmt.Sprintf("the environment of %s is renewed: %d store paths", p.Dir, len(env.Paths))
	case entering && !h.Sign && !h.made && h.announces(nix, p, set):
		message = fmt.Sprintf("%s: %d programs confined; purity which lists them", p.Dir, set.Count)
	}
	h.mark = "(purity) "
	if note := h.freshness(nix.Without(env), dir, set, permission, changed); note != "" {
		message = note
	}
	outer, known := os.LookupEnv(caller.Outer)
	if !known {
		outer = caller.Fingerprints(h.Environ)
	}
	variables := exported(env, set, p)
	outer = caller.AlsoKnown(outer, variables)
	args := []string{dir, p.Dir, outer, root, h.flag(), h.mark, h.say(message)}
	return shell.Call(h.Shell, "_purity_enter", append(args, watched(p.Dir, set)...)...) + h.exportCall(variables)
}

// announces reports whether to say that a project is entered, where the prompt does not.
func (h *Prompt) announces(nix nixeval.Nix, p trees.Project, set shim.Set) bool {
	variables, err := h.Variables()
	if err != nil {
		return true
	}
	ask, err := confine.New(h.Voice, nix, p, set.Request, set.Settings.Under(variables), set.Config)
	return err != nil || config.Is(ask.Announce, true)
}

// freshness begins to renew shims of an older state of the project, where it may, and
// returns a message about them.
func (h *Prompt) freshness(nix nixeval.Nix, dir string, set shim.Set, permission allow.Permission, changed string) string {
	project := set.Request.Project
	state, stale := programs.Staleness(nix, set)
	failed, why := programs.FailedRenewal(dir)
	switch {
	case permission == allow.Changed:
		h.again, h.mark = true, "(purity!) " // it can be allowed in another terminal
		return changed + " changed since it was allowed, and the environment from before is in use; look at it, then: purity allow"
	case !stale:
		now := time.Now()
		os.Chtimes(filepath.Join(dir, shim.File), now, now) // newer than all that could have made it stale
		return ""
	}
	h.mark = "(purity*) "
	h.again = true // another terminal can have it renewed
	if failed == state {
		return "the environment of " + project + " could not be renewed, and the old one is in use: " + why
	}
	if err := writable(dir); err != nil {
		return "the environment of " + project + " cannot be renewed, and the old one is in use: " + err.Error()
	}
	programs.BeginRenewal(h.Voice, dir, state)
	return ""
}

// shims are those of a project; they are made if there are none, or none that
// would run. It does not repeat a failed evaluation in the same state.
func (h *Prompt) shims(nix nixeval.Nix, p trees.Project, dir string, permission allow.Permission, changed string) (shim.Set, nixeval.Environment, error) {
	set, err := shim.Read(dir)
	if err == nil {
		env, ok := nix.Recall(p.Dir, set.Entry)
		if ok {
			if set, err = programs.Rechoose(h.Voice, nix, p, dir, set, env); err != nil {
				return set, env, err
			}
			return set, env, programs.TakeOver(nix, dir, set, env)
		}
	}
	if permission != allow.Allowed {
		return set, nixeval.Environment{}, programs.NotAllowed(p.Dir, permission, changed)
	}
	request := requestOf(p)
	state := programs.StateOf(nix, request)
	if failed, why := programs.FailedRenewal(dir); failed == state {
		return set, nixeval.Environment{}, errors.New(why)
	}
	began := time.Now()
	ask, made, err := h.makeFor(nix, p, request, dir)
	if err != nil {
		programs.RememberFailure(h.Voice, dir, state, err)
		return set, nixeval.Environment{}, err
	}
	h.made = true
	h.Log.Info().Msgf("%s: %d store paths, level %s, %.1f s; %s", p.Dir, len(made.Env.Paths), ask.Base.Name, time.Since(began).Seconds(), made.Count())
	set, err = shim.Read(dir)
	return set, made.Env, err
}

// makeFor makes the shims of a project, with the settings that there are now.
func (h *Prompt) makeFor(nix nixeval.Nix, p trees.Project, request nixeval.Request, dir string) (confine.Ask, programs.Made, error) {
	ask, err := confine.New(h.Voice, nix, p, request, config.Settings{}, os.Getenv("PURITY_CONFIG"))
	if err != nil {
		return ask, programs.Made{}, err
	}
	made, err := h.Remake(ask, confine.FromNix(h.Voice, true), dir, p.Dir)
	return ask, made, err
}

// watched are the files whose change a shell is to notice by itself, and the
// directory, for files that come or go; and the list of permissions. It leaves out files
// with a time in the future, which would look changed for ever.
func watched(dir string, set shim.Set) []string {
	files := []string{dir, filepath.Join(dir, config.Name), filepath.Join(dir, ".envrc"), trees.TrustDir()}
	for _, s := range set.Definition {
		files = append(files, s.Path)
	}
	soon := time.Now().Add(time.Second)
	files = slices.DeleteFunc(slices.Compact(files), func(file string) bool {
		info, err := os.Stat(file)
		return err != nil || info.ModTime().After(soon)
	})
	return files[:min(len(files), maxWatched)]
}

// maxWatched is how many files a shell looks at before each prompt: more would
// be felt. The flake's own files are among the first.
const maxWatched = 60

// leave takes the shims out of PATH, those that a parent shell put there, too.
func (h *Prompt) leave(nix nixeval.Nix, message string) string {
	inherited := ""
	if dir := os.Getenv(caller.Project); dir != "" && nix.Cache != "" {
		inherited = hookShims(nix, dir)
	}
	return shell.Call(h.Shell, "_purity_leave", inherited, h.flag(), h.mark, h.say(message))
}

// flag is how a shell is told to ask again.
func (h *Prompt) flag() string {
	if h.again {
		return "1"
	}
	return ""
}

// say prints a message, unless it was the last one, and returns the last message.
func (h *Prompt) say(message string) string {
	if message != "" && message != h.Said {
		h.Log.Info().Msg(message)
	}
	return message
}

// writable is an error where the user may not write a directory.
func writable(dir string) error {
	if err := unix.Access(dir, unix.W_OK); err != nil {
		return &fs.PathError{Op: "write", Path: dir, Err: err}
	}
	return nil
}
