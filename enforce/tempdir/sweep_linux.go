package tempdir

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sweepAfterExit starts a process that waits for this one to end, and then removes dir, or
// becomes a sweeper of it.
//
// This process is about to become the user's command, which must not find a
// child that it did not start: a command that waits for all its children would
// wait for a process that waits for it. So the process is a grandchild, which init
// inherits at once. If this process is init or a subreaper, it stays a child without
// an exit signal. wait(2) skips such a "clone" child (__WCLONE), except with __WALL,
// as strace waits.
//
// The child holds no descriptor of ours open and is in a session of its own. It is
// cloned, not started anew, because that takes a tenth of the time. It can make only
// raw system calls, since Go's runtime does not run in it.
func sweepAfterExit(dir, prefix string) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	s, err := newSweeper(dir, prefix)
	if err != nil {
		return err
	}
	defer unix.Close(s.pidfd)
	sweepers = append(sweepers, s)
	// No handler of Go's runtime may run in the child.
	var all unix.Sigset_t
	for i := range all.Val {
		all.Val[i] = ^all.Val[i]
	}
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &all, &s.mask); err != nil {
		return fmt.Errorf("block signals: %w", err)
	}
	pid, code := clone(s.stacks[0].top(), s.stacks[1].top(), s.apart, s)
	errno := unix.Errno(code)
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

// sweepers keeps what children use for as long as they can share this process's memory.
var sweepers []*sweeper

// gone waits for the intermediate child, whose exit code is the error of its own fork.
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

// inherits reports whether orphaned descendants of this process become its children.
func inherits() bool {
	var subreaper int32
	err := unix.Prctl(unix.PR_GET_CHILD_SUBREAPER, uintptr(unsafe.Pointer(&subreaper)), 0, 0, 0)
	return os.Getpid() == 1 || err != nil || subreaper != 0
}

// sweeper is all that the child needs, made before the clone.
type sweeper struct {
	pidfd   int
	apart   bool   // a grandchild waits
	prefix  string // of the names of runs
	mask    unix.Sigset_t
	path    *byte
	argv    []*byte
	envv    []*byte
	root    *byte
	dir     *byte
	parent  *byte
	poll    unix.PollFd
	stacks  [2]*stack
	entries [4096]byte // of parent, as getdents64(2) has them
}

// stack is that of a child. The functions that run on it need a tenth.
type stack [8192]byte

func (s *stack) top() uintptr { return uintptr(unsafe.Pointer(s)) + unsafe.Sizeof(*s) - 64 }

func newSweeper(dir, prefix string) (*sweeper, error) {
	s := &sweeper{prefix: prefix, apart: !inherits(), poll: unix.PollFd{Fd: 0, Events: unix.POLLIN}, envv: []*byte{nil}, stacks: [2]*stack{new(stack), new(stack)}}
	var err error
	if s.argv, err = syscall.SlicePtrFromStrings([]string{"purity", Word, dir}); err != nil {
		return nil, err
	}
	s.dir = s.argv[2]
	texts := []string{"/proc/self/exe", "/", filepath.Dir(dir)}
	for i, at := range []**byte{&s.path, &s.root, &s.parent} {
		if *at, err = unix.BytePtrFromString(texts[i]); err != nil {
			return nil, err
		}
	}
	if s.pidfd, err = unix.PidfdOpen(os.Getpid(), 0); err != nil {
		return nil, fmt.Errorf("pidfd_open: %w", err)
	}
	return s, nil
}
