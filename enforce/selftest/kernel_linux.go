package selftest

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

func addressOf[T any](p *T) uintptr { return uintptr(unsafe.Pointer(p)) }

// reaches is the outcome of a call that the kernel answers with a complaint
// about its arguments once it has come so far.
func reaches(err error) error {
	for _, refused := range []error{unix.EPERM, unix.EACCES, unix.ENOSYS} {
		if errors.Is(err, refused) {
			return err
		}
	}
	return nil
}

// reach is a vector of a kernel interface that is called with nonsense.
func reach(id, what string, root bool, number uintptr, args ...uintptr) Vector {
	return Vector{ID: "kernel." + id, What: what, By: Filter, Root: root,
		attack: func(*World) error { return reaches(call(number, args...)) },
		twin:   func(*World) error { return call(unix.SYS_GETPID) }}
}

func kernelVectors() []Vector {
	return []Vector{
		{ID: "kernel.io_uring", What: "make an io_uring", By: Filter, twin: pairTwin,
			attack: func(*World) error {
				fd, _, err := setupRing()
				if err == nil {
					unix.Close(fd)
				}
				return err
			}},
		{ID: "kernel.io_uring-open", What: "open a file by io_uring", ABI: 1, By: Filter,
			attack: func(w *World) error {
				fd, p, err := setupRing()
				if err != nil {
					return err
				}
				defer unix.Close(fd)
				return ringOpen(fd, p, w.Outside+"/file", 0)
			},
			twin: func(w *World) error { return readFile(w.Project + "/file") }},
		reach("io_uring-enter", "use an io_uring", false, unix.SYS_IO_URING_ENTER, ^uintptr(0)),
		{ID: "kernel.fanotify", What: "watch a file system's events", By: Filter,
			attack: func(*World) error {
				const none, here = ^uintptr(0), ^uintptr(99) // AT_FDCWD
				return reaches(call(unix.SYS_FANOTIFY_MARK, none, unix.FAN_MARK_ADD|unix.FAN_MARK_FILESYSTEM, unix.FAN_OPEN, here, 0))
			},
			twin: func(*World) error {
				fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
				if err == nil {
					unix.Close(fd)
				}
				return err
			}},
		reach("page-faults", "have a program answer the kernel's page faults", false, unix.SYS_USERFAULTFD, 0xffffffff),
		{ID: "kernel.file-attributes", What: "set the attributes of a file by its path", By: Filter,
			attack: func(w *World) error { return fileAttributes(unix.SYS_FILE_SETATTR, w.Outside+"/file") },
			twin:   func(w *World) error { return open(w.Project+"/file", unix.O_RDWR) }},
		reach("bpf", "load a BPF program", false, unix.SYS_BPF, 99, 0, 0),
		reach("perf", "open performance counters", false, unix.SYS_PERF_EVENT_OPEN, 0, 0, 0, 0, 0),
		reach("module", "load a kernel module", true, unix.SYS_INIT_MODULE, 0, 0, 0),
		reach("module-file", "load a kernel module from a file", true, unix.SYS_FINIT_MODULE, ^uintptr(0), 0, 0),
		reach("module-remove", "remove a kernel module", true, unix.SYS_DELETE_MODULE, 0, 0),
		reach("kexec", "load another kernel", true, unix.SYS_KEXEC_FILE_LOAD, ^uintptr(0), ^uintptr(0), 0, 0, 0),
		{ID: "kernel.user-namespace", What: "make a user namespace", By: Filter,
			attack: func(*World) error { return cloned(unix.CLONE_NEWUSER) },
			twin:   func(*World) error { return cloned(0) }},
		{ID: "kernel.user-namespace-3", What: "make a user namespace with clone3", By: Filter,
			attack: func(*World) error { return cloned3(unix.CLONE_NEWUSER) },
			twin:   func(*World) error { return cloned(0) }},
		{ID: "kernel.network-namespace", What: "leave the network namespace", By: Capabilities, Root: true,
			attack: func(*World) error { return onThread(func() error { return unix.Unshare(unix.CLONE_NEWNET) }) },
			twin:   func(*World) error { return onThread(func() error { return unix.Unshare(unix.CLONE_FS) }) }},
		{ID: "kernel.setns", What: "enter a namespace", By: Filter,
			attack: func(*World) error { return reaches(unix.Setns(-1, 0)) },
			twin:   func(*World) error { _, err := os.Readlink("/proc/self/ns/net"); return err }},
		{ID: "kernel.x32", What: "make a call in the x32 guise", By: Filter,
			attack: func(*World) error { return call(unix.SYS_GETPID | 0x40000000) },
			twin:   func(*World) error { return call(unix.SYS_GETPID) }},
		{ID: "kernel.32-bit", What: "ask for a key with a 32-bit call", By: Filter,
			attack: func(w *World) error { return thirtyTwoBit(w, "x") },
			twin: func(w *World) error {
				err := thirtyTwoBit(w)
				if errors.Is(err, unix.ENOEXEC) { // no policy says that: the kernel has no such programs
					return nil
				}
				return err
			}},
	}
}

// fileAttributes makes a call of Linux 6.17, file_getattr or file_setattr. The latter sets
// the state before: nothing.
func fileAttributes(number uintptr, path string) error {
	name, err := unix.BytePtrFromString(path)
	if err != nil {
		return err
	}
	var attributes [24]byte // struct file_attr, version 0
	at := unix.AT_FDCWD
	return call(number, uintptr(at), addressOf(name), addressOf(&attributes), uintptr(len(attributes)), 0)
}

// thirtyTwoBit runs a 32-bit program from the project; with an argument it makes
// the call that a filter refuses, and ends well if the kernel did otherwise.
func thirtyTwoBit(w *World, args ...string) error {
	path := w.Project + "/thirtytwo" + itoa(len(args))
	if err := os.WriteFile(path, thirtyTwo(), 0o755); err != nil {
		return err
	}
	err := run(path, args...)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == int(unix.EPERM) {
		return unix.EPERM
	}
	if errors.As(err, &exit) && exit.ExitCode() > 0 {
		return nil
	}
	return err
}

// cloned makes a process with some flags and waits for it to end at once.
func cloned(flags uintptr) error {
	pid, _, errno := forked(unix.SYS_CLONE, flags|uintptr(unix.SIGCHLD), 0)
	return reaped(pid, errno)
}

// cloned3 is the same by the newer call.
func cloned3(flags uint64) error {
	args := struct{ flags, pidfd, childTID, parentTID, exit, stack, stackSize, tls uint64 }{flags: flags, exit: uint64(unix.SIGCHLD)}
	pid, _, errno := forked(unix.SYS_CLONE3, addressOf(&args), unsafe.Sizeof(args))
	return reaped(pid, errno)
}

// forked is a fork whose child ends before anything of Go can run in it.
//
//go:norace
//go:nosplit
//go:noinline
func forked(number, a, b uintptr) (uintptr, uintptr, syscall.Errno) {
	pid, r, errno := syscall.RawSyscall(number, a, b, 0)
	if errno == 0 && pid == 0 {
		for {
			syscall.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
		}
	}
	return pid, r, errno
}

func reaped(pid uintptr, errno syscall.Errno) error {
	if errno != 0 {
		return errno
	}
	_, err := unix.Wait4(int(pid), nil, unix.WALL, nil)
	return err
}

// groups are all vectors, in the order in which they are shown.
func groups() []group {
	return []group{
		{"files", fileVectors()},
		{"links", linkVectors()},
		{"processes", processVectors()},
		{"descriptors", descriptorVectors()},
		{"sockets", socketVectors()},
		{"network", networkVectors()},
		{"kernel", kernelVectors()},
		{"mounts", mountVectors()},
		{"overlay", overlayVectors()},
		{"keys", keyVectors()},
		{"IPC", ipcVectors()},
		{"terminal", terminalVectors()},
		{"metadata", metadataVectors()},
		{"root", rootVectors()},
	}
}
