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
	program := unix.SockFprog{Len: uint16(len(f)), Filter: &f[0]}
	_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&program)))
	runtime.KeepAlive(f)
	if errno != 0 {
		return fmt.Errorf("install system call filter: seccomp: %w", errno)
	}
	if !Installed() {
		return errors.New("install system call filter: the kernel took it and does not enforce it")
	}
	return nil
}

// Installed reports whether the calling thread is under such a filter: asking
// for a key without naming one is EFAULT elsewhere (request_key(2)).
func Installed() bool {
	_, _, errno := unix.RawSyscall6(unix.SYS_REQUEST_KEY, 0, 0, 0, 0, 0, 0)
	return errno == unix.EPERM
}
