package seccomp

import "golang.org/x/sys/unix"

// machines are the kinds of system calls that programs can make here: a
// process may make 32-bit ones at any time, whatever it was compiled for.
var machines = []machine{
	{audit: unix.AUDIT_ARCH_X86_64, numbers: native, x32: true},
	{audit: unix.AUDIT_ARCH_I386, numbers: i386},
}

// i386 are the numbers of 32-bit calls (arch/x86/entry/syscalls/syscall_32.tbl).
var i386 = map[string]uint32{
	"add_key": 286, "bpf": 357, "clone": 120, "clone3": 435, "delete_module": 129,
	"fanotify_init": 338, "fanotify_mark": 339, "file_setattr": 469, "finit_module": 350, "fsconfig": 431, "fsmount": 432, "fsopen": 430, "fspick": 433,
	"init_module": 128, "io_uring_enter": 426, "io_uring_register": 427, "io_uring_setup": 425,
	"ioctl": 54, "ioprio_set": 289, "ipc": 117, "kexec_load": 283, "keyctl": 288,
	"mount": 21, "mount_setattr": 442, "move_mount": 429, "msgctl": 402, "msgget": 399,
	"msgrcv": 401, "msgsnd": 400, "open_by_handle_at": 342, "open_tree": 428, "open_tree_attr": 467,
	"perf_event_open": 336, "pivot_root": 217, "prlimit64": 340, "renameat2": 353, "request_key": 287,
	"semctl": 394, "semget": 393, "semtimedop_time64": 420, "setns": 346, "setpriority": 97,
	"shmat": 397, "shmctl": 396, "shmget": 395, "socket": 359, "socketcall": 102,
	"socketpair": 360, "umount": 22, "umount2": 52, "unshare": 310, "userfaultfd": 374,
}
