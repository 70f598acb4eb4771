package main

import (
	"cmp"
	"context"
	"os"
	"strconv"
	"syscall"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/enforce/parent"
	"github.com/nix-purity/purity/nixeval"
)

// A purity that watches starts itself again, as a child that becomes the
// command, with these variables: the parent's process number, by which the
// child knows that they are meant for it, the descriptor of a socket to it, and
// the key of the environment in the cache, for the two are to have the same one,
// and to evaluate it takes a while.
const (
	watchedVariable = "PURITY_WATCHED_BY"
	socketVariable  = "PURITY_WATCH_SOCKET"
	keyVariable     = "PURITY_WATCH_KEY"
)

// watched reports whether this process is to stay, and say afterwards what was
// refused and what changed. Else it becomes the command itself, as it does
// where there is no /proc to start it again by and to look into; but not if
// somebody wants to know, who then is told.
func (p *plan) watched() bool {
	if _, err := os.Stat("/proc/self/exe"); err != nil && !p.wanted {
		p.app.Log.Debug().Err(err).Msg("nobody can be watched here, so what is refused is not explained")
		return false
	}
	return !watchedByParent() && (p.explains() != "off" || p.reports())
}

func watchedByParent() bool { return os.Getenv(watchedVariable) == strconv.Itoa(os.Getppid()) }

// ask asks Nix, or who has asked it.
func (p *plan) ask(ctx context.Context) (nixeval.Environment, error) {
	if env, ok := p.handed(); ok {
		return env, nil
	}
	progress := screen.NewProgress(p.app.Voice, p.request.String(), p.silent)
	p.nix.Report = progress.Event
	env, err := p.nix.Resolve(ctx, p.request)
	progress.Done(env, err)
	p.evaluated = p.evaluated || progress.Asked
	return env, err
}

// handed is the environment that the parent has, if this is its child, once: what
// turns out to be gone is made anew.
func (p *plan) handed() (nixeval.Environment, bool) {
	if !watchedByParent() {
		return nixeval.Environment{}, false
	}
	key := os.Getenv(keyVariable)
	os.Unsetenv(keyVariable)
	return p.nix.Recall(p.request.Project, key)
}

// reports is whether changed files are to be named.
func (p *plan) reports() bool { return config.Is(p.ReportChanges, os.Getenv("CI") != "") }

// mode is enforce, or one of those in which nothing is refused.
func (p *plan) mode() string { return cmp.Or(p.Mode, "enforce") }

// explains is what of the command is to be watched: programs, files or off.
func (p *plan) explains() string {
	switch {
	case p.mode() != "enforce", p.wanted && p.Explain == "":
		return "files"
	case p.Explain != "":
		return p.Explain
	case os.Getenv("CI") != "" || p.app.TTY:
		return "programs"
	}
	return "off"
}

// endedError is how a watched command ended, which is how purity ends.
type endedError struct{ status syscall.WaitStatus }

func (e *endedError) Error() string { return "the command has ended" }

// exit returns the exit code, or dies of the signal that the command died of.
func (e *endedError) exit() int {
	if !e.status.Signaled() {
		return e.status.ExitStatus()
	}
	parent.Die(e.status.Signal())
	return 128 + int(e.status.Signal())
}
