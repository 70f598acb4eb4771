package launch

import (
	"syscall"

	"github.com/nix-purity/purity/enforce/parent"
)

// EndedError says how the command ended for which purity waited. purity ends in the same way.
type EndedError struct{ Status syscall.WaitStatus }

func (e *EndedError) Error() string { return "the command has ended" }

// Exit returns the exit code, or dies of the signal that the command died of.
func (e *EndedError) Exit() int {
	if !e.Status.Signaled() {
		return e.Status.ExitStatus()
	}
	parent.Die(e.Status.Signal())
	return 128 + int(e.Status.Signal())
}
