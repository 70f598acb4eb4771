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
// wait for a process that waits for it. So it is a child's child, which init inherits
// at once. Where this process is init, or inherits as init does, it stays a child
// without an exit signal, which counts as a "clone" child that wait(2) passes over
// (wait(2), __WCLONE), though not with __WALL, as strace waits.
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
	pid, errno := s.fork()
	if errno == 0 && s.apart {
		errno = gone(int(pid))
	}
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &s.mask, nil); err != nil {
		return fmt.Errorf("unblock signals: %w", err)
	}
	if errno != 0 {
		return fmt.Errorf("fork: %w", errno)
	}
	return nil
}

// gone waits for the child between, whose exit code is the error of its own fork.
func gone(pid int) unix.Errno {
	var status unix.WaitStatus
	for {
		_, err := unix.Wait4(pid, &status, unix.WALL, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err.(unix.Errno)
		}
		if status.Signaled() {
			return unix.EINTR
		}
		return unix.Errno(status.ExitStatus())
	}
}

// inherits reports whether processes of this one that lose their parent become its children.
func inherits() bool {
	var subreaper int32
	err := unix.Prctl(unix.PR_GET_CHILD_SUBREAPER, uintptr(unsafe.Pointer(&subreaper)), 0, 0, 0)
	return os.Getpid() == 1 || err != nil || subreaper != 0
}

// sweeper is all that the child needs, made before the fork.
type sweeper struct {
	pidfd int
	apart bool // a child's child waits
	mask  unix.Sigset_t
	path  *byte
	argv  []*byte
	envv  []*byte
	root  *byte
	poll  unix.PollFd
}

func newSweeper(dir string) (*sweeper, error) {
	s := &sweeper{apart: !inherits(), poll: unix.PollFd{Fd: 0, Events: unix.POLLIN}}
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

// fork makes the child, with no exit signal, or one that makes another and ends. The
// children do not return.
//
//go:norace
//go:nosplit
//go:noinline
func (s *sweeper) fork() (pid uintptr, errno unix.Errno) {
	pid, _, errno = unix.RawSyscall6(unix.SYS_CLONE, 0, 0, 0, 0, 0, 0)
	if errno != 0 || pid != 0 {
		return pid, errno
	}
	if s.apart {
		pid, _, errno = unix.RawSyscall6(unix.SYS_CLONE, 0, 0, 0, 0, 0, 0)
		for errno != 0 || pid != 0 {
			unix.RawSyscall(unix.SYS_EXIT_GROUP, uintptr(errno), 0, 0)
		}
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
