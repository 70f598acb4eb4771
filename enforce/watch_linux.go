package enforce

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce/seccomp"
)

// Watch is how a supervisor gets to see system calls.
type Watch struct {
	Calls  []string // by name
	Socket int      // where the supervisor waits for the listener
	Note   string   // what it is told with it, not empty
}

// begin has the calling thread, and all that it starts, watched, and hands the
// listener to the supervisor. Where there can be no listener, because somebody
// else watches already (EBUSY) or this is no Linux (gVisor), the supervisor gets
// none and the run goes on: watching explains, it does not enforce.
func (w *Watch) begin() error {
	var rights []byte
	filter, err := seccomp.Watch(w.Calls...)
	if err == nil {
		var listener int
		if listener, err = filter.Listen(); err == nil {
			defer unix.Close(listener)
			rights = unix.UnixRights(listener)
		}
	}
	if err := unix.Sendmsg(w.Socket, []byte(w.Note), rights, nil, 0); err != nil {
		return fmt.Errorf("watch: reach the supervisor: %w", err)
	}
	return nil
}
