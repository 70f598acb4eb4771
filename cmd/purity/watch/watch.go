// Package watch is a parent that stays while a command runs, and learns its uses.
//
// A purity that watches starts itself again, as a child that becomes the command. The
// child makes everything anew, by the same arguments; it has the environment of its parent
// ([FromParent]), says nothing that the parent says, and hands the command over ([Child]).
package watch

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"github.com/rs/zerolog"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/launch"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/observe"
	"github.com/nix-purity/purity/enforce/overlay"
)

// Calls of a command that are watched.
const (
	Off      = "off"
	Programs = "programs"
	Files    = "files" // programs, files and networks
)

// Run is a command that is to be watched.
type Run struct {
	Args     []string // this program's, by which it is started again
	Environ  []string // as this program was called
	Stdout   *os.File
	Plan     confine.Plan
	What     string // Programs, Files; or Off, to wait alone
	Confirm  bool   // a report wants the kernel's own word, which takes a while
	Observer        // how to look
	Log      zerolog.Logger
}

// Observer looks at uses.
type Observer struct {
	Apart  bool                // tell programs apart
	Absent bool                // missing files count, too
	Event  func(observe.Event) // is told of each use, nil for none
}

// Outcome is the result.
type Outcome struct {
	Status   syscall.WaitStatus
	Failed   bool // the command never came to run, and purity said why
	Watched  bool // it could be
	Unjudged int  // calls that could not be read
	Files    int  // files that the kernel tells were refused, where only programs are watched
	Denials  []observe.Denial
	Overlay  *overlay.Result // the command's changes in an overlay of the project, nil for none
}

// ExitCode is the exit code of the command, as a shell has it.
func (o Outcome) ExitCode() int {
	if o.Status.Signaled() {
		return 128 + int(o.Status.Signal())
	}
	return o.Status.ExitStatus()
}

// ByParent reports whether this process is the child of a purity that watches it.
func ByParent() bool { return os.Getenv(caller.WatchedBy) == strconv.Itoa(os.Getppid()) }

// command is this program, to be started again.
func (r Run) command() *exec.Cmd {
	child := exec.Command("/proc/self/exe", r.Args[1:]...)
	child.Args[0] = r.Args[0]
	child.Env = append(append([]string{}, r.Environ...), caller.WatchedBy+"="+strconv.Itoa(os.Getpid()), caller.WatchKey+"="+r.Plan.Env.Key())
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, r.Stdout, os.Stderr
	return child
}

// FromParent takes the environment that the parent has, if this is its child, once. An environment that
// turns out to be gone comes from otherwise.
func FromParent(otherwise confine.Source) confine.Source {
	taken := !ByParent()
	return func(ctx context.Context, a confine.Ask) (confine.Found, error) {
		if taken {
			return otherwise(ctx, a)
		}
		taken = true
		env, ok := a.Nix.Recall(a.Request.Project, os.Getenv(caller.WatchKey))
		if !ok {
			return otherwise(ctx, a)
		}
		env, err := env.With(a.Request.With...)
		return confine.Found{Env: env}, err
	}
}

// Child has the command of a job watched by the parent, if that waits for it.
func Child(j *launch.Job, what string) {
	socket, err := strconv.Atoi(os.Getenv(caller.WatchSocket))
	if err != nil || !ByParent() {
		return
	}
	j.Command.Watch = &enforce.Watch{Calls: calls(what), Socket: socket, Note: j.Temp, Refused: what == Files}
}
