package enforce

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce/seccomp"
)

// Watch lets a supervisor see system calls.
type Watch struct {
	Calls  []string // by name
	Socket int      // where the supervisor waits for the listener
	Note   string   // the message with it, not empty
	// Refused asks the supervisor about all calls that the filter denies.
	Refused bool
}

// begin installs the filter that watches the calling thread and all that it starts, and
// hands its listener to the supervisor. The supervisor also answers for calls that an
// earlier filter left to it. If no listener is possible, because another process watches
// already (EBUSY) or this is no Linux (gVisor), the supervisor gets none and the run goes
// on: watching explains, it does not enforce.
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

// Tell hands data to the supervisor, which reads it when the command has ended (observe.Told). The
// data is in a file without a name, so that neither waits for the other.
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
