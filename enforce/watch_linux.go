package enforce

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce/seccomp"
)

// Watch is how a supervisor gets to see system calls.
type Watch struct {
	Calls  []string // by name
	Socket int      // where the supervisor waits for the listener
	Note   string   // the message with it, not empty
	// Refused has the supervisor asked about all calls that the filter refuses.
	Refused bool
}

// begin has the calling thread, and all that it starts, watched, and hands the
// listener to the supervisor, which is asked about calls that the filter before left to
// it, too. Where there can be no listener, because somebody else
// watches already (EBUSY) or this is no Linux (gVisor), the supervisor gets none
// and the run goes on: watching explains, it does not enforce.
func (w *Watch) begin(refused seccomp.Rules) error {
	listener, err := w.listen(refused)
	var rights []byte
	if err == nil {
		defer unix.Close(listener)
		rights = unix.UnixRights(listener)
	} else if refused.Asked {
		filter, err := refused.Unasked().Filter()
		if err != nil {
			return err
		}
		if err := filter.Install(); err != nil {
			return err
		}
	}
	if err := unix.Sendmsg(w.Socket, []byte(w.Note), rights, nil, seccomp.Handover); err != nil {
		return fmt.Errorf("watch: reach the supervisor: %w", err)
	}
	return nil
}

func (w *Watch) listen(refused seccomp.Rules) (listener int, err error) {
	filter, err := seccomp.Watch(w.Calls, refused)
	if err != nil {
		return -1, err
	}
	return filter.Listen()
}

// Tell hands data to the supervisor, which reads it when the command has ended (observe.Told). It is
// in a file without a name, so that neither waits for the other.
func (w *Watch) Tell(data []byte) error {
	fd, err := unix.MemfdCreate("purity-watch", unix.MFD_CLOEXEC)
	if err != nil {
		return fmt.Errorf("memfd_create: %w", err)
	}
	file := os.NewFile(uintptr(fd), "data")
	defer file.Close()
	if _, err := file.Write(data); err != nil {
		return err
	}
	if err := unix.Sendmsg(w.Socket, []byte("data"), unix.UnixRights(fd), nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT); err != nil {
		return fmt.Errorf("reach the supervisor: %w", err)
	}
	return nil
}
