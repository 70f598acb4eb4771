package seccomp

import "golang.org/x/sys/unix"

var watched = []watchable{{unix.AUDIT_ARCH_AARCH64, false, map[string]uint32{
	"execve": unix.SYS_EXECVE, "execveat": unix.SYS_EXECVEAT,
	"openat": unix.SYS_OPENAT, "openat2": unix.SYS_OPENAT2, "truncate": unix.SYS_TRUNCATE, "mq_open": unix.SYS_MQ_OPEN,
	"connect": unix.SYS_CONNECT, "bind": unix.SYS_BIND, "unlinkat": unix.SYS_UNLINKAT,
	"mkdirat": unix.SYS_MKDIRAT, "mknodat": unix.SYS_MKNODAT, "renameat": unix.SYS_RENAMEAT, "renameat2": unix.SYS_RENAMEAT2,
	"linkat": unix.SYS_LINKAT, "symlinkat": unix.SYS_SYMLINKAT,
	"sendto": unix.SYS_SENDTO, "sendmsg": unix.SYS_SENDMSG, "sendmmsg": unix.SYS_SENDMMSG, "socket": unix.SYS_SOCKET,
	"chroot": unix.SYS_CHROOT, "pivot_root": unix.SYS_PIVOT_ROOT, "setns": unix.SYS_SETNS,
	"mount": unix.SYS_MOUNT, "move_mount": unix.SYS_MOVE_MOUNT,
	"fchown": unix.SYS_FCHOWN, "fchownat": unix.SYS_FCHOWNAT,
	"io_uring_setup": unix.SYS_IO_URING_SETUP, "seccomp": unix.SYS_SECCOMP,
}}}
