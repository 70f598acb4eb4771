package seccomp

import "golang.org/x/sys/unix"

var watched = []watchable{
	{unix.AUDIT_ARCH_X86_64, true, map[string]uint32{
		"execve": unix.SYS_EXECVE, "execveat": unix.SYS_EXECVEAT,
		"open": unix.SYS_OPEN, "openat": unix.SYS_OPENAT, "openat2": unix.SYS_OPENAT2, "creat": unix.SYS_CREAT, "mq_open": unix.SYS_MQ_OPEN,
		"truncate": unix.SYS_TRUNCATE, "connect": unix.SYS_CONNECT, "bind": unix.SYS_BIND,
		"unlink": unix.SYS_UNLINK, "unlinkat": unix.SYS_UNLINKAT, "rmdir": unix.SYS_RMDIR,
		"mkdir": unix.SYS_MKDIR, "mkdirat": unix.SYS_MKDIRAT, "mknod": unix.SYS_MKNOD, "mknodat": unix.SYS_MKNODAT,
		"rename": unix.SYS_RENAME, "renameat": unix.SYS_RENAMEAT, "renameat2": unix.SYS_RENAMEAT2,
		"link": unix.SYS_LINK, "linkat": unix.SYS_LINKAT, "symlink": unix.SYS_SYMLINK, "symlinkat": unix.SYS_SYMLINKAT,
		"sendto": unix.SYS_SENDTO, "sendmsg": unix.SYS_SENDMSG, "sendmmsg": unix.SYS_SENDMMSG, "socket": unix.SYS_SOCKET,
		"chroot": unix.SYS_CHROOT, "pivot_root": unix.SYS_PIVOT_ROOT, "setns": unix.SYS_SETNS,
		"mount": unix.SYS_MOUNT, "move_mount": unix.SYS_MOVE_MOUNT,
		"chown": unix.SYS_CHOWN, "fchown": unix.SYS_FCHOWN, "lchown": unix.SYS_LCHOWN, "fchownat": unix.SYS_FCHOWNAT,
		"io_uring_setup": unix.SYS_IO_URING_SETUP, "seccomp": unix.SYS_SECCOMP,
	}},
	{unix.AUDIT_ARCH_I386, false, map[string]uint32{ // syscall_32.tbl
		"execve": 11, "execveat": 358,
		"open": 5, "openat": 295, "openat2": 437, "creat": 8, "mq_open": 277, "truncate": 92, "truncate64": 193,
		"unlink": 10, "unlinkat": 301, "rmdir": 40, "mkdir": 39, "mkdirat": 296, "mknod": 14, "mknodat": 297,
		"rename": 38, "renameat": 302, "renameat2": 353, "link": 9, "linkat": 303, "symlink": 83, "symlinkat": 304,
		"connect": 362, "bind": 361, "sendto": 369, "sendmsg": 370, "sendmmsg": 345, "socket": 359, "socketcall": 102,
		"chroot": 61, "pivot_root": 217, "setns": 346, "mount": 21, "move_mount": 429,
		"chown": 212, "fchown": 207, "lchown": 198, "fchownat": 298, // those with 32-bit numbers
		"io_uring_setup": 425, "seccomp": 354,
	}},
}
