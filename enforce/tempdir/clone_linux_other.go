//go:build linux && !amd64

package tempdir

import "golang.org/x/sys/unix"

// clone forks a process without an exit signal, which runs child. If apart, an intermediate
// process forks it and ends, with the error as its exit code.
//
//go:norace
//go:nosplit
//go:noinline
func clone(_, _ uintptr, apart bool, s *sweeper) (pid, errno uintptr) {
	pid, _, code := unix.RawSyscall6(unix.SYS_CLONE, 0, 0, 0, 0, 0, 0)
	if code != 0 || pid != 0 {
		return pid, uintptr(code)
	}
	if apart {
		pid, _, code = unix.RawSyscall6(unix.SYS_CLONE, 0, 0, 0, 0, 0, 0)
		if code != 0 || pid != 0 {
			exit(uintptr(code))
		}
	}
	child(s)
	return 0, 0
}
