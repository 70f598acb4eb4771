package tempdir

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sweepAfterExit starts a process that waits for this one to end and then
// becomes a sweeper of dir.
//
// This process is about to become the user's command, which must not find a
// child that it did not start: a command that waits for all its children would
// wait for a process that waits for it. So the child gets no exit signal, by
// which it counts as a "clone" child that wait(2) passes over (wait(2), __WCLONE);
// when the command ends, init inherits and reaps it.
//
// The child holds nothing of ours open and is in a session of its own. It is
// forked, not started anew, because that takes a tenth of the time; between
// fork and execve only raw system calls are allowed, since Go's runtime is not
// there for a forked child.
func sweepAfterExit(dir string) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	s, err := newSweeper(dir)
	if err != nil {
		return err
	}
	defer unix.Close(s.pidfd)
	// No handler of Go's runtime may run in the child.
	var all unix.Sigset_t
	for i := range all.Val {
		all.Val[i] = ^all.Val[i]
	}
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &all, &s.mask); err != nil {
		return fmt.Errorf("block signals: %w", err)
	}
	errno := s.fork()
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &s.mask, nil); err != nil {
		return fmt.Errorf("unblock signals: %w", err)
	}
	if errno != 0 {
		return fmt.Errorf("fork: %w", errno)
	}
	return nil
}

// sweeper is all that the child needs, made before the fork.
type sweeper struct {
	pidfd int
	mask  unix.Sigset_t
	path  *byte
	argv  []*byte
	envv  []*byte
	root  *byte
	poll  unix.PollFd
}

func newSweeper(dir string) (*sweeper, error) {
	s := &sweeper{poll: unix.PollFd{Fd: 0, Events: unix.POLLIN}}
	var err error
	if s.argv, err = syscall.SlicePtrFromStrings([]string{"purity", Word, dir}); err != nil {
		return nil, err
	}
	s.envv = []*byte{nil}
	if s.path, err = unix.BytePtrFromString("/proc/self/exe"); err != nil {
		return nil, err
	}
	if s.root, err = unix.BytePtrFromString("/"); err != nil {
		return nil, err
	}
	if s.pidfd, err = unix.PidfdOpen(os.Getpid(), 0); err != nil {
		return nil, fmt.Errorf("pidfd_open: %w", err)
	}
	return s, nil
}

// fork makes the child, with no exit signal. The child does not return.
//
//go:norace
//go:nosplit
//go:noinline
func (s *sweeper) fork() unix.Errno {
	pid, _, errno := unix.RawSyscall6(unix.SYS_CLONE, 0, 0, 0, 0, 0, 0)
	if errno != 0 || pid != 0 {
		return errno
	}
	s.wait()
	for {
		unix.RawSyscall(unix.SYS_EXIT_GROUP, 1, 0, 0)
	}
}

// wait is the child: it keeps the pidfd alone, as descriptor 0, and waits.
//
//go:norace
//go:nosplit
//go:noinline
func (s *sweeper) wait() {
	unix.RawSyscall(unix.SYS_SETSID, 0, 0, 0)
	unix.RawSyscall(unix.SYS_DUP3, uintptr(s.pidfd), 0, 0)
	unix.RawSyscall(unix.SYS_CLOSE_RANGE, 1, ^uintptr(0)>>32, 0)
	unix.RawSyscall(unix.SYS_CHDIR, uintptr(unsafe.Pointer(s.root)), 0, 0)
	for {
		n, _, _ := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&s.poll)), 1, 0, 0, 0, 0)
		if n == 1 {
			break
		}
	}
	unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&s.mask)), 0, 8, 0, 0)
	unix.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(s.path)), uintptr(unsafe.Pointer(&s.argv[0])), uintptr(unsafe.Pointer(&s.envv[0])))
}
