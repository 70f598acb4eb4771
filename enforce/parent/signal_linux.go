//go:build amd64 || arm64

package parent

import (
	"encoding/binary"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Signals are the caught signals, to pass on.
type Signals struct {
	read   *os.File // a pipe from the handler
	write  int
	before map[syscall.Signal]action
}

// caughtAt is the descriptor that the handler writes to.
//
//lint:ignore U1000 it is read in assembly
var caughtAt int32

// handler returns the address of the handler, which writes the kernel's record of
// a signal (siginfo_t) to caughtAt, and the return address of a handler, 0 where
// the kernel provides it. os/signal does not tell who sent a signal.
func handler() (caught, restorer uintptr)

// others are not passed on: signals that no process can catch, those that a process sends to itself,
// and those that Go's runtime sends to its own threads.
var others = map[syscall.Signal]bool{
	unix.SIGKILL: true, unix.SIGSTOP: true, unix.SIGCHLD: true, unix.SIGURG: true, unix.SIGPIPE: true, unix.SIGPROF: true,
	unix.SIGILL: true, unix.SIGTRAP: true, unix.SIGABRT: true, unix.SIGBUS: true, unix.SIGFPE: true, unix.SIGSEGV: true, unix.SIGSYS: true,
	unix.SIGXCPU: true, unix.SIGXFSZ: true, 32: true, 33: true,
}

// Catch catches signals. It leaves ignored ones ignored, for nohup(1).
func Catch() (*Signals, error) {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil { // a handler must not wait
		return nil, fmt.Errorf("catch signals: %w", err)
	}
	s := &Signals{read: os.NewFile(uintptr(pipe[0]), "signals"), write: pipe[1], before: map[syscall.Signal]action{}}
	caughtAt = int32(s.write)
	caught, restorer := handler()
	const siginfo, onStack, restart, hasRestorer = 4, 0x08000000, 0x10000000, 0x04000000
	ours := action{handler: uint64(caught), flags: siginfo | onStack | restart}
	if restorer != 0 {
		ours.flags, ours.restorer = ours.flags|hasRestorer, uint64(restorer)
	}
	for n := syscall.Signal(1); n <= 64; n++ {
		var before action
		if others[n] || sigaction(n, nil, &before) != nil || before.handler == 1 { // SIG_IGN
			continue
		}
		if err := sigaction(n, &ours, nil); err != nil {
			s.Release()
			return nil, fmt.Errorf("catch signals: %w", err)
		}
		s.before[n] = before
	}
	return s, nil
}

// PassAll passes on signals caught before, whoever sent them: when the kernel sent them to the
// group, the process did not exist yet. It passes on later ones as [Signals.PassTo] does.
func (s *Signals) PassAll(pid int) {
	if conn, err := s.read.SyscallConn(); err == nil {
		conn.Read(func(fd uintptr) bool {
			var info [128]byte
			for {
				if n, err := unix.Read(int(fd), info[:]); err != nil || n != len(info) {
					return true
				}
				syscall.Kill(pid, syscall.Signal(binary.NativeEndian.Uint32(info[0:])))
			}
		})
	}
	s.PassTo(pid)
}

// PassTo passes on signals, caught before and from now on, to a process in the same
// process group. Those that the kernel sends to the group reach it without help.
func (s *Signals) PassTo(pid int) {
	go func() {
		var info [128]byte // siginfo_t
		for {
			if n, err := s.read.Read(info[:]); err != nil || n != len(info) {
				return
			}
			signal := syscall.Signal(binary.NativeEndian.Uint32(info[0:]))
			const fromKernel = 0x80 // SI_KERNEL
			if code := binary.NativeEndian.Uint32(info[8:]); code != fromKernel || !terminal[signal] {
				syscall.Kill(pid, signal)
			}
		}
	}()
}

// Release lets signals act as before.
func (s *Signals) Release() {
	for n, before := range s.before {
		sigaction(n, &before, nil) // as it was
	}
	s.read.Close()
	unix.Close(s.write)
}
