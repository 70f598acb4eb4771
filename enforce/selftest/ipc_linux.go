package selftest

import (
	"golang.org/x/sys/unix"
)

func keyVectors() []Vector {
	return []Vector{
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
}

// Why level dev has the ways to other programs of the user.
const (
	sysVDesign   = "databases and test suites need System V IPC; it is reached as far as its permissions go"
	sharedDesign = "C libraries and interpreters have /tmp and /dev/shm built in; files there are reached as far as their permissions go"
)

func ipcVectors() []Vector {
	return []Vector{
		{ID: "ipc.shm-read", What: "read another program's shared memory", By: NoSysV | View, Design: sysVDesign, twin: pairTwin,
			attack: func(w *World) error {
				memory, err := unix.SysvShmAttach(w.Shm, 0, unix.SHM_RDONLY)
				if err == nil {
					err = unix.SysvShmDetach(memory)
				}
				return err
			}},
		{ID: "ipc.shm-make", What: "make System V shared memory that others find", By: NoSysV | View, Design: sysVDesign,
			attack: func(w *World) error {
				_, err := unix.SysvShmGet(w.memoryKey(), 4096, unix.IPC_CREAT|0o600)
				return err
			},
			twin: func(*World) error {
				memory, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ, unix.MAP_SHARED|unix.MAP_ANON)
				if err == nil {
					err = unix.Munmap(memory)
				}
				return err
			},
			reached: func(w *World) error { return removeMemory(w.memoryKey()) }},
		{ID: "ipc.semaphore", What: "change another program's semaphore", By: NoSysV | View, Design: sysVDesign, twin: pairTwin,
			attack: func(w *World) error { return call(unix.SYS_SEMCTL, uintptr(w.Sem), 0, 16, 1) }}, // SETVAL
		{ID: "ipc.message", What: "send to another program's queue", By: NoSysV | View, Design: sysVDesign, twin: pairTwin,
			attack: func(w *World) error {
				message := struct {
					kind int64
					text [8]byte
				}{kind: 1}
				return call(unix.SYS_MSGSND, uintptr(w.Msg), addressOf(&message), 8, unix.IPC_NOWAIT)
			}},
		{ID: "ipc.posix-read", What: "open another program's POSIX shared memory", By: NoShared | View, Design: sharedDesign,
			attack: func(w *World) error { return open(w.shmFile(), unix.O_RDWR) },
			twin:   func(w *World) error { return open(w.Project+"/file", unix.O_RDWR) }},
		{ID: "ipc.posix-make", What: "make POSIX shared memory that others find", By: NoShared | View, Design: sharedDesign,
			attack: func(w *World) error { return open(w.shmFile()+"-more", unix.O_CREAT|unix.O_RDWR) },
			twin: func(*World) error {
				fd, err := unix.MemfdCreate("memory", 0)
				if err == nil {
					unix.Close(fd)
				}
				return err
			},
			reached: func(w *World) error { return unix.Unlink(w.shmFile() + "-more") }},
		{ID: "ipc.tmp", What: "create a file in /tmp that others find", By: NoShared | View, Design: sharedDesign,
			attack:  func(w *World) error { return open(w.tmpFile(), unix.O_CREAT|unix.O_WRONLY) },
			twin:    func(w *World) error { return open(w.Project+"/in-project", unix.O_CREAT|unix.O_WRONLY) },
			reached: func(w *World) error { return unix.Unlink(w.tmpFile()) }},
		{ID: "ipc.tmp-run", What: "run a program that another left in /tmp", By: View, ABI: 1,
			attack: func(w *World) error { return run(w.tmpFile()+"-program", nothingWord) },
			twin:   func(w *World) error { return run(w.Project+"/script", nothingWord) }},
		{ID: "ipc.shm-run", What: "run a program from /dev/shm", ABI: 1,
			attack: func(w *World) error { return runCopy(w.shmFile() + "-program") },
			twin:   func(w *World) error { return runCopy(w.Project + "/program") }},
		{ID: "ipc.mqueue", What: "make a POSIX message queue that others find", By: NoQueues | View, Design: sharedDesign,
			attack: func(w *World) error {
				fd, _, errno := unix.Syscall6(unix.SYS_MQ_OPEN, addressOf(&w.queue()[0]), unix.O_CREAT|unix.O_RDWR, 0o600, 0, 0, 0)
				if errno != 0 {
					return errno
				}
				return unix.Close(int(fd))
			},
			twin:    pairTwin,
			reached: func(w *World) error { return w.removeQueue() }},
	}
}
