//go:build !amd64 && !arm64

package parent

import (
	"os"
	"os/signal"
	"syscall"
)

// Signals are the caught signals, to pass on.
type Signals struct{ caught chan os.Signal }

// Catch catches signals and leaves ignored ones ignored. On these processors it cannot
// tell whether the terminal sent one.
func Catch() (*Signals, error) {
	s := &Signals{make(chan os.Signal, 8)}
	for _, n := range []syscall.Signal{syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM} {
		if !signal.Ignored(n) {
			signal.Notify(s.caught, n)
		}
	}
	for n := range terminal {
		if !signal.Ignored(n) {
			signal.Notify(make(chan os.Signal, 1), n)
		}
	}
	return s, nil
}

// PassTo passes on signals caught before and from now on, to a process.
func (s *Signals) PassTo(pid int) {
	go func() {
		for n := range s.caught {
			syscall.Kill(pid, n.(syscall.Signal))
		}
	}()
}

// PassAll is PassTo: the terminal's signals are not caught here.
func (s *Signals) PassAll(pid int) { s.PassTo(pid) }

// Release lets signals act as before.
func (s *Signals) Release() {
	signal.Reset()
	close(s.caught)
}
