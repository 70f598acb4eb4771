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

var kernelVectors = []Vector{
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
		twin:   func(w *World) error { return thirtyTwoBit(w) }},
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

// mount is a vector of mounts, tried in a mount namespace of its own: a user
// must make a user namespace for it, which is refused before.
func mount(id, what string, step string) Vector {
	return Vector{ID: "mount." + id, What: what, ABI: 1, By: Filter,
		attack: func(w *World) error { return w.step(step, unix.CLONE_NEWUSER|unix.CLONE_NEWNS) },
		twin:   func(w *World) error { return w.step("nothing", 0) }}
}

var mountVectors = []Vector{
	mount("tmpfs", "mount a file system over the project", "tmpfs"),
	mount("bind", "bind a directory outside into the project", "bind"),
	mount("remount", "make the root read-only", "remount"),
	mount("unmount", "unmount", "unmount"),
	mount("move", "clone a tree and mount it", "move"),
	mount("new", "make a file system without mounting it", "new"),
	mount("attributes", "change a mount's attributes", "attributes"),
	mount("pivot", "change the root of all", "pivot"),
	reachMount("mount", "mount as root", unix.SYS_MOUNT, 0, 0, 0, 0, 0),
	reachMount("open-tree", "clone a tree as root", unix.SYS_OPEN_TREE, ^uintptr(0), 0, 0),
	reachMount("fsopen", "make a file system as root", unix.SYS_FSOPEN, 0, 0),
}

func reachMount(id, what string, number uintptr, args ...uintptr) Vector {
	v := reach(id, what, true, number, args...)
	v.ID = "mount.root-" + id
	return v
}

// step runs a step of an attack in a process with namespaces of its own.
func (w *World) step(name string, flags uintptr) error {
	text, err := w.encode()
	if err != nil {
		return err
	}
	cmd := again("/proc/self/exe", stepWord, name)
	cmd.Env = []string{worldVariable + "=" + text}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags}
	if flags&unix.CLONE_NEWUSER != 0 {
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	return cmd.Run()
}

// steps are what a process in namespaces of its own does.
var steps = map[string]func(*World) error{
	"nothing": func(*World) error { return nil },
	"tmpfs":   func(w *World) error { return unix.Mount("tmpfs", w.Project, "tmpfs", 0, "") },
	"bind":    func(w *World) error { return unix.Mount(w.Outside, w.Project, "", unix.MS_BIND, "") },
	"remount": func(w *World) error { return unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, "") },
	"unmount": func(w *World) error {
		if err := unix.Mount("tmpfs", w.Project, "tmpfs", 0, ""); err != nil {
			return err
		}
		return unix.Unmount(w.Project, 0)
	},
	"move": func(w *World) error {
		fd, err := unix.OpenTree(unix.AT_FDCWD, w.Outside, unix.OPEN_TREE_CLONE)
		if err != nil {
			return err
		}
		return unix.MoveMount(fd, "", unix.AT_FDCWD, w.Project, unix.MOVE_MOUNT_F_EMPTY_PATH)
	},
	"new": func(w *World) error {
		fd, err := unix.Fsopen("tmpfs", 0)
		if err != nil {
			return err
		}
		if err := unix.FsconfigCreate(fd); err != nil {
			return err
		}
		_, err = unix.Fsmount(fd, 0, 0)
		return err
	},
	"attributes": func(w *World) error {
		return unix.MountSetattr(unix.AT_FDCWD, "/", unix.AT_RECURSIVE, &unix.MountAttr{Propagation: unix.MS_PRIVATE})
	},
	"pivot": func(w *World) error {
		if err := unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""); err != nil {
			return err
		}
		if err := unix.Mount(w.Project, w.Project, "", unix.MS_BIND, ""); err != nil {
			return err
		}
		return unix.PivotRoot(w.Project, w.Project+"/a")
	},
}

var keyVectors = []Vector{
	{ID: "key.read", What: "read a key of the user's", By: Filter, twin: pairTwin,
		attack: func(w *World) error {
			if w.Key == 0 {
				return unix.ENOSYS
			}
			_, err := unix.KeyctlBuffer(unix.KEYCTL_READ, w.Key, make([]byte, 16), 0)
			return err
		}},
	{ID: "key.add", What: "add a key to the user's", By: Filter, twin: pairTwin,
		attack: func(w *World) error {
			id, err := unix.AddKey("user", "purity-selftest", []byte("x"), unix.KEY_SPEC_THREAD_KEYRING)
			if err == nil {
				unix.KeyctlInt(unix.KEYCTL_INVALIDATE, id, 0, 0, 0)
			}
			return err
		}},
	{ID: "key.request", What: "ask for a key of the user's", By: Filter, twin: pairTwin,
		attack: func(*World) error { return reaches(call(unix.SYS_REQUEST_KEY)) }},
	{ID: "key.session", What: "give the parent another session keyring (CVE-2024-42318)", By: Filter, twin: pairTwin,
		attack: func(*World) error { return reaches(call(unix.SYS_KEYCTL, ^uintptr(0))) }},
}

var ipcVectors = []Vector{
	{ID: "ipc.shm-read", What: "read another program's shared memory", By: Filter, twin: pairTwin,
		attack: func(w *World) error {
			memory, err := unix.SysvShmAttach(w.Shm, 0, unix.SHM_RDONLY)
			if err == nil {
				err = unix.SysvShmDetach(memory)
			}
			return err
		}},
	{ID: "ipc.shm-make", What: "make System V shared memory", By: Filter, twin: func(*World) error {
		memory, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ, unix.MAP_SHARED|unix.MAP_ANON)
		if err == nil {
			err = unix.Munmap(memory)
		}
		return err
	},
		attack: func(*World) error {
			id, err := unix.SysvShmGet(unix.IPC_PRIVATE, 4096, unix.IPC_CREAT|0o600)
			if err == nil {
				_, err = unix.SysvShmCtl(id, unix.IPC_RMID, nil)
			}
			return err
		}},
	{ID: "ipc.semaphore", What: "change another program's semaphore", By: Filter, twin: pairTwin,
		attack: func(w *World) error { return call(unix.SYS_SEMCTL, uintptr(w.Sem), 0, 16, 1) }}, // SETVAL
	{ID: "ipc.message", What: "send to another program's queue", By: Filter, twin: pairTwin,
		attack: func(w *World) error {
			message := struct {
				kind int64
				text [8]byte
			}{kind: 1}
			return call(unix.SYS_MSGSND, uintptr(w.Msg), addressOf(&message), 8, unix.IPC_NOWAIT)
		}},
	{ID: "ipc.posix-read", What: "open another program's POSIX shared memory", ABI: 1,
		attack: func(w *World) error { return open(w.shmFile(), unix.O_RDWR) },
		twin:   func(w *World) error { return open(w.Project+"/file", unix.O_RDWR) }},
	{ID: "ipc.posix-make", What: "make POSIX shared memory", ABI: 1,
		attack: func(w *World) error {
			path := w.shmFile() + "-more"
			defer unix.Unlink(path)
			return open(path, unix.O_CREAT|unix.O_RDWR)
		},
		twin: func(*World) error {
			fd, err := unix.MemfdCreate("memory", 0)
			if err == nil {
				unix.Close(fd)
			}
			return err
		}},
	{ID: "ipc.tmp", What: "create a file in /tmp", ABI: 1,
		attack: func(w *World) error {
			path := "/tmp/purity-selftest-" + itoa(os.Getpid())
			defer unix.Unlink(path)
			return open(path, unix.O_CREAT|unix.O_WRONLY)
		},
		twin: func(w *World) error { return open(w.Project+"/in-project", unix.O_CREAT|unix.O_WRONLY) }},
	{ID: "ipc.mqueue", What: "make a POSIX message queue", ABI: 1,
		attack: func(*World) error {
			name := append([]byte("purity-selftest"), 0)
			fd, _, errno := unix.Syscall6(unix.SYS_MQ_OPEN, addressOf(&name[0]), unix.O_CREAT|unix.O_RDWR, 0o600, 0, 0, 0)
			if errno != 0 {
				return errno
			}
			unix.Close(int(fd))
			return call(unix.SYS_MQ_UNLINK, addressOf(&name[0]))
		},
		twin: pairTwin},
}

// privilege is a vector of what only root may do, by a capability.
func privilege(id, what string, attack func(*World) error, twin func(*World) error) Vector {
	return Vector{ID: "root." + id, What: what, By: Capabilities, Root: true, attack: attack, twin: twin}
}

var rootVectors = []Vector{
	privilege("host-name", "set the host name", func(*World) error {
		name, err := os.Hostname()
		if err != nil {
			return err
		}
		return unix.Sethostname([]byte(name))
	}, func(*World) error { _, err := os.Hostname(); return err }),
	privilege("chroot", "change the root", func(w *World) error { return apart(func() error { return unix.Chroot(w.Project) }) },
		func(w *World) error { return apart(func() error { return unix.Chdir(w.Project) }) }),
	privilege("become", "become another user", func(*World) error {
		return onThread(func() error { return call(unix.SYS_SETRESUID, 12345, 12345, 12345) })
	}, func(*World) error { return onThread(func() error { return call(unix.SYS_SETRESUID, 0, 0, 0) }) }),
	privilege("give-away", "give a file to another user", func(w *World) error { return unix.Chown(w.Project+"/file", 12345, 12345) },
		func(w *World) error { return unix.Chown(w.Project+"/file", 0, 0) }),
	privilege("clock", "adjust the clock", func(*World) error {
		var t unix.Timex
		if _, err := unix.Adjtimex(&t); err != nil {
			return err
		}
		t.Modes = unix.ADJ_STATUS // to what it is
		_, err := unix.Adjtimex(&t)
		return err
	}, func(*World) error { _, err := unix.Adjtimex(new(unix.Timex)); return err }),
	privilege("priority", "raise its own priority", func(*World) error {
		return onThread(func() error { return unix.Setpriority(unix.PRIO_PROCESS, 0, -5) })
	}, func(*World) error { return onThread(func() error { return unix.Setpriority(unix.PRIO_PROCESS, 0, 5) }) }),
	privilege("limits", "raise its own limits", func(*World) error {
		var limit unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_MSGQUEUE, &limit); err != nil {
			return err
		}
		limit.Max++
		return unix.Prlimit(0, unix.RLIMIT_MSGQUEUE, &limit, nil)
	}, func(*World) error { return unix.Getrlimit(unix.RLIMIT_MSGQUEUE, new(unix.Rlimit)) }),
	privilege("swap", "use a file as swap space", func(w *World) error {
		name := append([]byte(w.Project+"/file"), 0)
		return reaches(call(unix.SYS_SWAPON, addressOf(&name[0]), 0))
	}, func(w *World) error { return open(w.Project+"/file", unix.O_RDONLY) }),
}

// groups are all vectors, in the order in which they are shown.
var groups = []group{
	{"files", fileVectors},
	{"links", linkVectors},
	{"processes", processVectors},
	{"descriptors", descriptorVectors},
	{"sockets", socketVectors},
	{"network", networkVectors},
	{"kernel", kernelVectors},
	{"mounts", mountVectors},
	{"keys", keyVectors},
	{"IPC", ipcVectors},
	{"terminal", terminalVectors},
	{"metadata", metadataVectors},
	{"root", rootVectors},
}
