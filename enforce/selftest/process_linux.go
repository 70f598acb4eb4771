package selftest

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

func itoa(n int) string { return strconv.Itoa(n) }

// call makes a system call and returns its error.
func call(number uintptr, args ...uintptr) error {
	var a [6]uintptr
	copy(a[:], args)
	if _, _, errno := unix.Syscall6(number, a[0], a[1], a[2], a[3], a[4], a[5]); errno != 0 {
		return errno
	}
	return nil
}

// proc is a vector of a file of another process in /proc.
func proc(name, what string, abi int, design string) Vector {
	read := func(pid string) error {
		path := "/proc/" + pid + "/" + name
		if name == "cwd" || name == "root" {
			_, err := os.ReadDir(path + "/")
			return err
		}
		if name == "fd" {
			_, err := os.ReadDir(path)
			return err
		}
		if name == "fd/1" {
			return open(path, unix.O_WRONLY)
		}
		return readSome(path)
	}
	var by Means
	if design != "" {
		by = View // in which there are other processes
	}
	return Vector{ID: "process." + strings.ReplaceAll(name, "/", "-"), What: what, ABI: abi, By: by, Design: design,
		attack: func(w *World) error { return read(itoa(w.Victim)) },
		twin: func(w *World) error {
			if name == "root" || name == "mem" { // of its own process: the root is closed, and address 0 is nothing
				return readSome("/proc/self/stat")
			}
			return read("self")
		}}
}

const priorityDesign = "it is named by number, as the process itself is, and its scheduler could be set anyway"

const procDesign = "/proc is readable as a whole; what is in these files, any program sees"

func processVectors() []Vector {
	return []Vector{
		proc("root", "list another process's root", 1, ""),
		proc("cwd", "list another process's working directory", 1, ""),
		proc("fd/1", "open another process's standard output", 1, ""),
		proc("fd", "list the numbers of another process's descriptors", 0, procDesign),
		proc("exe", "read another process's program", 1, ""),
		proc("environ", "read another process's environment", 1, ""),
		proc("maps", "read another process's memory map", 1, ""),
		proc("auxv", "read another process's auxiliary vector", 1, ""),
		proc("io", "read another process's I/O counters", 1, ""),
		{ID: "process.mem", What: "open another process's memory", ABI: 1,
			attack: func(w *World) error { return open("/proc/"+itoa(w.Victim)+"/mem", unix.O_RDONLY) },
			twin:   func(w *World) error { return open("/proc/self/mem", unix.O_RDONLY) }},
		proc("cmdline", "read another process's arguments", 0, procDesign),
		proc("status", "read another process's state", 0, procDesign),
		{ID: "process.oom", What: "write another process's out-of-memory score", ABI: 1,
			attack: func(w *World) error { return open("/proc/"+itoa(w.Victim)+"/oom_score_adj", unix.O_WRONLY) },
			twin:   func(w *World) error { return open("/proc/self/oom_score_adj", unix.O_RDONLY) }},
		{ID: "process.ptrace", What: "trace another process", ABI: 1,
			attack: func(w *World) error { return onThread(func() error { return traced(w.Victim) }) },
			twin:   withChild(func(pid int) error { return onThread(func() error { return traced(pid) }) })},
		{ID: "process.read-memory", What: "copy another process's memory", ABI: 1,
			attack: func(w *World) error { return readMemory(w.Victim) },
			twin:   withChild(readMemory)},
		{ID: "process.take-descriptor", What: "take another process's descriptor", ABI: 1,
			attack: func(w *World) error { return takeDescriptor(w.Victim) },
			twin:   withChild(takeDescriptor)},
		{ID: "process.compare", What: "compare another process's resources", ABI: 1,
			attack: func(w *World) error { return call(unix.SYS_KCMP, uintptr(os.Getpid()), uintptr(w.Victim), 0, 0, 0) },
			twin:   withChild(func(pid int) error { return call(unix.SYS_KCMP, uintptr(os.Getpid()), uintptr(pid), 0, 0, 0) })},
		{ID: "process.kill", What: "send a signal", By: View, ABI: 6,
			attack: func(w *World) error { return unix.Kill(w.Victim, 0) },
			twin:   withChild(func(pid int) error { return unix.Kill(pid, 0) })},
		{ID: "process.tgkill", What: "send a signal to a thread", By: View, ABI: 6,
			attack: func(w *World) error { return unix.Tgkill(w.Victim, w.Victim, 0) },
			twin:   withChild(func(pid int) error { return unix.Tgkill(pid, pid, 0) })},
		{ID: "process.pidfd-signal", What: "send a signal by descriptor", By: View, ABI: 6,
			attack: func(w *World) error { return pidfdSignal(w.Victim) },
			twin:   withChild(pidfdSignal)},
		{ID: "process.limits", What: "change another process's limits", By: Filter,
			attack: func(w *World) error { return unix.Prlimit(w.Victim, unix.RLIMIT_CORE, &unix.Rlimit{}, nil) },
			twin: func(w *World) error {
				var limit unix.Rlimit
				err := unix.Prlimit(os.Getpid(), unix.RLIMIT_CORE, nil, &limit)
				for _, self := range []int{0, os.Getpid()} { // by its number, too
					if err == nil {
						err = unix.Prlimit(self, unix.RLIMIT_CORE, &limit, nil)
					}
				}
				return err
			}},
		{ID: "process.priority", What: "change another process's priority", By: Capabilities | View, Design: priorityDesign,
			attack: func(w *World) error { return unix.Setpriority(unix.PRIO_PROCESS, w.Victim, 19) },
			twin:   func(*World) error { return sameNiceness(unix.PRIO_PROCESS) }},
		{ID: "process.user-priority", What: "change the priority of all processes of the user", By: Filter,
			attack: func(*World) error { return sameNiceness(unix.PRIO_USER) },
			twin:   func(*World) error { return sameNiceness(unix.PRIO_PROCESS) }},
		{ID: "process.group-priority", What: "change the priority of the process group", By: Filter,
			attack: func(*World) error { return sameNiceness(unix.PRIO_PGRP) },
			twin:   func(*World) error { return sameNiceness(unix.PRIO_PROCESS) }},
		{ID: "process.io-priority", What: "change another process's I/O priority", By: Capabilities | View, Design: priorityDesign,
			attack: func(w *World) error { return call(unix.SYS_IOPRIO_SET, 1, uintptr(w.Victim), 3<<13) },
			twin:   func(w *World) error { return call(unix.SYS_IOPRIO_SET, 1, 0, 3<<13) }},
		{ID: "process.user-io-priority", What: "change the I/O priority of all processes of the user", By: Filter,
			attack: func(w *World) error { return reaches(call(unix.SYS_IOPRIO_SET, 3, 0, 99<<13)) },
			twin:   func(w *World) error { return call(unix.SYS_IOPRIO_SET, 1, 0, 3<<13) }},
		{ID: "process.affinity", What: "change another process's processors", By: Capabilities | View, Design: "threads are set so too, and cannot be told apart by a filter",
			attack: func(w *World) error {
				var set unix.CPUSet
				if err := unix.SchedGetaffinity(w.Victim, &set); err != nil {
					return err
				}
				return unix.SchedSetaffinity(w.Victim, &set)
			}},
		{ID: "process.scheduler", What: "change another process's scheduler", By: Capabilities | View, Design: "threads are set so too, and cannot be told apart by a filter",
			attack: func(w *World) error {
				return call(unix.SYS_SCHED_SETSCHEDULER, uintptr(w.Victim), 3, uintptr(unsafe.Pointer(new(uint32))))
			}},
		{ID: "process.namespace", What: "enter another process's mount namespace", By: Filter | Capabilities, Root: true,
			attack: func(w *World) error {
				fd, err := unix.PidfdOpen(w.Victim, 0)
				if err != nil {
					return err
				}
				defer unix.Close(fd)
				return apart(func() error { return unix.Setns(fd, unix.CLONE_NEWNS) })
			},
			twin: func(w *World) error { _, err := os.Readlink("/proc/self/ns/mnt"); return err }},
	}
}

// sameNiceness sets the niceness of this process, or of its group or user, to its
// own value: to lower one takes a privilege. The system call returns 20 less the niceness
// (getpriority(2)).
func sameNiceness(which int) error {
	return onThread(func() error {
		now, err := unix.Getpriority(which, 0)
		if err != nil {
			return err
		}
		return unix.Setpriority(which, 0, 20-now)
	})
}

// onThread runs f on a thread that ends with it.
func onThread(f func() error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread()
		result <- f()
	}()
	return <-result
}

// apart runs f on a thread with a working directory and root of its own.
func apart(f func() error) error {
	return onThread(func() error {
		if err := unix.Unshare(unix.CLONE_FS); err != nil {
			return err
		}
		return f()
	})
}

// withChild is a twin that does to a child of the attacker as the attack
// does to a process outside.
func withChild(f func(pid int) error) func(*World) error {
	return func(w *World) error {
		cmd := again(w.Self, victimWord)
		cmd.Env = []string{"VICTIM=x"}
		pipe, err := cmd.StdoutPipe()
		if err != nil {
			return err
		}
		if err := cmd.Start(); err != nil {
			return err
		}
		defer func() { cmd.Process.Kill(); cmd.Wait() }()
		if _, err := pipe.Read(make([]byte, 1)); err != nil {
			return err
		}
		return f(cmd.Process.Pid)
	}
}

func traced(pid int) error {
	if err := unix.PtraceSeize(pid); err != nil {
		return err
	}
	return nil // the thread ends, and with it the trace
}

func readMemory(pid int) error {
	buffer := make([]byte, 8)
	local := []unix.Iovec{{Base: &buffer[0]}}
	local[0].SetLen(len(buffer))
	// The program itself is mapped at one address in every process of it.
	address := uintptr(unsafe.Pointer(unsafe.StringData(secret)))
	_, err := unix.ProcessVMReadv(pid, local, []unix.RemoteIovec{{Base: address, Len: len(secret)}}, 0)
	return err
}

func takeDescriptor(pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	taken, err := unix.PidfdGetfd(fd, 1, 0)
	if err == nil {
		unix.Close(taken)
	}
	return err
}

func pidfdSignal(pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.PidfdSendSignal(fd, 0, nil, 0)
}
