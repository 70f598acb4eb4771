package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/nixeval"
)

// What the hooks of shells start, beside which the command line would take too
// long to learn.
const (
	envWord  = "hook-env"  // SHELL KEY SAID: what to evaluate in the working directory
	lineWord = "hook-line" // SHELL LINE: the line with programs named by path confined
)

// runHookPart is purity started by a hook.
func runHookPart(args []string) (code int, ok bool) {
	switch {
	case len(args) == 5 && args[1] == envWord:
		h := hook{app: newApp(globals{LogFormat: "text"}), shell: args[2], key: args[3], said: args[4]}
		fmt.Fprint(h.stdout, h.here())
		return 0, true
	case len(args) == 4 && args[1] == lineWord:
		return newApp(globals{LogFormat: "text"}).hookLine(args[2], args[3]), true
	}
	return 0, false
}

// hook is a shell that asks what to do in its working directory.
type hook struct {
	*app
	shell string
	key   string // store path of the environment that it has entered
	said  string // what was said last: nothing is said twice
	again bool   // it is to ask again at the next prompt
	mark  string // for the prompt
}

// here is what the shell is to evaluate.
func (h *hook) here() string {
	if othersShims(h.path) {
		return shell.Call(h.shell, "_purity_yield")
	}
	nix, err := h.nix()
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
	p := project{dir: dir, cwd: cwd}
	switch {
	case err != nil:
		return h.leave(nix, "nothing is confined: "+err.Error())
	case dir == "" || p.check(nix) != nil:
		return h.leave(nix, "")
	case permission == config.Unknown && !exists(filepath.Join(dir, config.Name)):
		return h.leave(nix, "") // a project without any business of purity's
	case permission == config.Unknown:
		h.mark = "(not confined) "
		return h.leave(nix, dir+" was not allowed, and nothing is confined; look at it, then: purity allow")
	}
	return h.enter(nix, p, permission, changed)
}

// othersShims reports whether shims are in PATH that direnv, or the dev shell that is
// active, looks after.
func othersShims(path string) bool {
	dir := os.Getenv(shimsVariable)
	return dir != "" && slices.Contains(strings.Split(path, ":"), dir)
}

// hookShims is where the shims are that hooks put in front of PATH.
func hookShims(nix nixeval.Nix, dir string) string {
	return filepath.Join(nix.ProjectDir(dir), "shims")
}

// enter puts the shims in front of PATH, making or renewing them as need be.
func (h *hook) enter(nix nixeval.Nix, p project, permission config.Permission, changed string) string {
	dir := hookShims(nix, p.dir)
	set, env, err := h.shims(nix, p, dir, permission, changed)
	if err != nil {
		message, hint, _ := explain(err)
		h.again, h.mark = true, "(not confined) "
		if hint != "" {
			message += "; " + hint
		}
		return h.leave(nix, "nothing is confined: "+message)
	}
	message := ""
	root := string(env.Roots[0])
	if h.key != "" && h.key != root {
		message = fmt.Sprintf("the environment of %s is renewed: %d store paths", p.dir, len(env.Paths))
	}
	h.mark = "(purity) "
	if note := h.freshness(nix.Without(env), dir, set, permission, changed); note != "" {
		message = note
	}
	outer, known := os.LookupEnv(outerVariable)
	if !known {
		outer = fingerprints(h.calling)
	}
	args := []string{dir, p.dir, outer, root, h.flag(), h.mark, h.say(message)}
	return shell.Call(h.shell, "_purity_enter", append(args, watched(p.dir, set)...)...)
}

// freshness is what there is to say of shims that are not of the newest state of the
// project, and begins to renew them where it may.
func (h *hook) freshness(nix nixeval.Nix, dir string, set shim.Set, permission config.Permission, changed string) string {
	project := set.Request.Project
	state, stale := staleness(nix, set)
	failed, why := failedRenewal(dir)
	switch {
	case permission == config.Changed:
		h.mark = "(purity!) "
		return changed + " changed since it was allowed, and the environment from before is in use; look at it, then: purity allow"
	case !stale:
		now := time.Now()
		os.Chtimes(filepath.Join(dir, shim.File), now, now) // newer than all that could have made it stale
		return ""
	}
	h.mark = "(purity*) "
	if failed == state {
		return "the environment of " + project + " could not be renewed, and the old one is in use: " + why
	}
	if err := writable(dir); err != nil {
		return "the environment of " + project + " cannot be renewed, and the old one is in use: " + err.Error()
	}
	h.again = true
	h.startRenewal(dir, state)
	return ""
}

// shims are those of a project; they are made if there are none, or none that
// would run. What could not be evaluated is not tried twice in the same state.
func (h *hook) shims(nix nixeval.Nix, p project, dir string, permission config.Permission, changed string) (shim.Set, nixeval.Environment, error) {
	set, err := shim.Read(dir)
	if err == nil {
		env, ok := nix.Recall(p.dir, set.Entry)
		if ok {
			return set, env, takeOver(nix, dir, set, env)
		}
	}
	if permission != config.Allowed {
		return set, nixeval.Environment{}, notAllowed(p.dir, permission, changed)
	}
	request := requestOf(p)
	state := stateOf(nix, request)
	if failed, why := failedRenewal(dir); failed == state {
		return set, nixeval.Environment{}, errors.New(why)
	}
	began := time.Now()
	made, err := h.makeProjectShims(nix, p, request, dir)
	if err != nil {
		h.rememberFailure(dir, state, err)
		return set, nixeval.Environment{}, err
	}
	h.log.Info().Msgf("%s: %d store paths, level %s, %.1f s", p.dir, len(made.env.Paths), made.level.Name, time.Since(began).Seconds())
	set, err = shim.Read(dir)
	return set, made.env, err
}

// watched are the files whose change a shell is to notice by itself, and the
// directory, for files that come or go; and where it stands what was allowed. What is
// of the future would look changed for ever.
func watched(dir string, set shim.Set) []string {
	files := []string{dir, filepath.Join(dir, config.Name), filepath.Join(dir, ".envrc"), trustDir()}
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

func exists(file string) bool {
	_, err := os.Lstat(file)
	return err == nil
}

// leave takes the shims out of PATH, those that a parent shell put there, too.
func (h *hook) leave(nix nixeval.Nix, message string) string {
	inherited := ""
	if dir := os.Getenv("PURITY_PROJECT"); dir != "" && nix.Cache != "" {
		inherited = hookShims(nix, dir)
	}
	return shell.Call(h.shell, "_purity_leave", inherited, h.flag(), h.mark, h.say(message))
}

// flag is how a shell is told to ask again.
func (h *hook) flag() string {
	if h.again {
		return "1"
	}
	return ""
}

// say says a message, unless it was the last one, and returns what was said last.
func (h *hook) say(message string) string {
	if message != "" && message != h.said {
		h.log.Info().Msg(message)
	}
	return message
}
