package parent

import (
	"errors"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// terminal are signals that the kernel, if they come from it, sends to the whole
// process group.
var terminal = map[syscall.Signal]bool{
	unix.SIGHUP: true, unix.SIGINT: true, unix.SIGQUIT: true, unix.SIGCONT: true,
	unix.SIGTSTP: true, unix.SIGTTIN: true, unix.SIGTTOU: true, unix.SIGWINCH: true,
}

// Wait waits for a child to end. When the child stops, this process stops; when this
// process continues, the signal that it passes on continues the child. No other
// process gets the child's number before ended has returned.
func Wait(pid int, ended func()) (syscall.WaitStatus, error) {
	for {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WSTOPPED|unix.WNOWAIT, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		var status syscall.WaitStatus
		const stopped = 5 // CLD_STOPPED
		if err == nil && info.Code != stopped {
			ended()
			_, err = syscall.Wait4(pid, &status, 0, nil)
			return status, err
		}
		if err == nil {
			_, err = syscall.Wait4(pid, &status, syscall.WUNTRACED|syscall.WNOHANG, nil)
		}
		if err != nil {
			return status, err
		}
		if status.Stopped() {
			syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		}
	}
}

// Die ends this process by a signal, as the kernel would: Go's runtime has handlers
// of its own for some. It dumps no core, because the child has done that.
func Die(signal syscall.Signal) {
	syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
	sigaction(signal, new(action), nil) // the default
	syscall.Kill(os.Getpid(), signal)
	if os.Getpid() != 1 { // for which the kernel drops it (pid_namespaces(7))
		time.Sleep(10 * time.Second) // it may arrive at another thread, which may not run at once
	}
}

// action is struct sigaction of the kernel.
type action struct{ handler, flags, restorer, mask uint64 }

func sigaction(n syscall.Signal, set, get *action) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(n), uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(get)), 8, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// Ignore ignores a signal until undo is called.
func Ignore(signal syscall.Signal) (undo func()) {
	var before action
	sigaction(signal, &action{handler: 1}, &before) // SIG_IGN
	return func() { sigaction(signal, &before, nil) }
}
