package seccomp

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Available returns why no filter can be installed on this machine, nil if
// one can.
func Available() error {
	if len(machines) == 0 {
		return ErrMachine
	}
	// A filter without instructions is invalid, but only a kernel with
	// filters gets as far as to look at it (seccomp(2), EFAULT).
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, 0)
	if errno != unix.EFAULT {
		return fmt.Errorf("make system call filter: seccomp: %w", errno)
	}
	return nil
}

// Install puts the calling thread, and all that it starts, under f for good.
// The thread must have no_new_privs set. It then tries a call that must be
// refused.
func (f Filter) Install() error {
	if _, err := f.set(0); err != nil {
		return err
	}
	if !Installed() {
		return errors.New("install system call filter: the kernel took it and does not enforce it")
	}
	return nil
}

// Listen puts the calling thread under f and returns the descriptor at which a
// supervisor is asked about the calls that f watches. There can be one such
// filter in a process: a second one is EBUSY.
func (f Filter) Listen() (int, error) {
	// Without the second flag every signal interrupts a call that waits for
	// the supervisor (since Linux 5.19).
	fd, err := f.set(unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
	if errors.Is(err, unix.EINVAL) {
		fd, err = f.set(unix.SECCOMP_FILTER_FLAG_NEW_LISTENER)
	}
	return fd, err
}

func (f Filter) set(flags uintptr) (int, error) {
	program := unix.SockFprog{Len: uint16(len(f)), Filter: &f[0]}
	fd, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&program)))
	runtime.KeepAlive(f)
	if errno != 0 {
		return -1, fmt.Errorf("install system call filter: seccomp: %w", errno)
	}
	return int(fd), nil
}

// Installed reports whether the calling thread is under such a filter: asking
// for a key without naming one is EFAULT elsewhere (request_key(2)).
func Installed() bool {
	_, _, errno := unix.RawSyscall6(unix.SYS_REQUEST_KEY, 0, 0, 0, 0, 0, 0)
	return errno == unix.EPERM
}
