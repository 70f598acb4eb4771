package tempdir

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// child is everything that the child does. It does not return.
//
//lint:ignore U1000 assembly calls it
//go:norace
//go:nosplit
//go:noinline
func child(s *sweeper) {
	s.wait()
	if !s.emptied() {
		forget()
		unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&s.mask)), 0, 8, 0, 0)
		unix.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(s.path)), uintptr(unsafe.Pointer(&s.argv[0])), uintptr(unsafe.Pointer(&s.envv[0])))
		exit(1)
	}
	exit(0)
}

//go:norace
//go:nosplit
func exit(code uintptr) {
	for {
		unix.RawSyscall(unix.SYS_EXIT_GROUP, code, 0, 0)
	}
}

// wait closes all descriptors but the pidfd, which becomes 0, and waits for the
// process to end.
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
}

// action is the kernel's struct of sigaction(2).
type action struct{ handler, flags, restorer, mask uint64 }

// ignore and end are SIG_IGN and SIG_DFL.
var ignore, end = action{handler: 1}, action{}

// forget drops the signals that came meanwhile, and all handlers. Else a handler of Go's runtime
// would start between the two calls that follow, and would never end here.
//
//go:norace
//go:nosplit
//go:noinline
func forget() {
	for signal := uintptr(1); signal <= 64; signal++ {
		unix.RawSyscall6(unix.SYS_RT_SIGACTION, signal, uintptr(unsafe.Pointer(&ignore)), 0, 8, 0, 0)
		unix.RawSyscall6(unix.SYS_RT_SIGACTION, signal, uintptr(unsafe.Pointer(&end)), 0, 8, 0, 0)
	}
}

// emptied removes the directory if it is empty, as most runs leave it, and reports whether
// nothing is left to do: no directory beside it is of a process that has ended. Otherwise
// the child becomes a whole purity.
//
//go:norace
//go:nosplit
//go:noinline
func (s *sweeper) emptied() bool {
	at := unix.AT_FDCWD
	_, _, errno := unix.RawSyscall(unix.SYS_UNLINKAT, uintptr(at), uintptr(unsafe.Pointer(s.dir)), unix.AT_REMOVEDIR)
	if errno != 0 {
		return false
	}
	fd, _, errno := unix.RawSyscall6(unix.SYS_OPENAT, uintptr(at), uintptr(unsafe.Pointer(s.parent)), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0, 0, 0)
	for errno == 0 {
		var n uintptr
		n, _, errno = unix.RawSyscall(unix.SYS_GETDENTS64, fd, uintptr(unsafe.Pointer(&s.entries)), unsafe.Sizeof(s.entries))
		if n == 0 {
			return errno == 0
		}
		// An entry is its length in two bytes at 16, and its name at 19 (getdents64(2)).
		for e := uintptr(0); errno == 0 && e+24 <= n && n <= uintptr(len(s.entries)); {
			length := uintptr(s.entries[e+16]) | uintptr(s.entries[e+17])<<8
			if length < 24 || e+length > n || s.ended(e+19, e+length) {
				return false
			}
			e += length
		}
	}
	return false
}

// ended reports whether the entry with its name at entries[from:to] is the directory of a
// run whose process has ended.
//
//go:norace
//go:nosplit
func (s *sweeper) ended(from, to uintptr) bool {
	for i := 0; i < len(s.prefix); i++ {
		if from >= to || s.entries[from] != s.prefix[i] {
			return false
		}
		from++
	}
	pid := uintptr(0)
	for ; from < to && '0' <= s.entries[from] && s.entries[from] <= '9' && pid < 1<<31/10; from++ {
		pid = pid*10 + uintptr(s.entries[from]-'0')
	}
	_, _, errno := unix.RawSyscall(unix.SYS_KILL, pid, 0, 0)
	return pid != 0 && errno == unix.ESRCH
}
