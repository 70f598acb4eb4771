package seccomp

import "golang.org/x/sys/unix"

var watched = []watchable{{unix.AUDIT_ARCH_AARCH64, map[string]uint32{
	"execve": unix.SYS_EXECVE, "execveat": unix.SYS_EXECVEAT,
	"openat": unix.SYS_OPENAT, "openat2": unix.SYS_OPENAT2, "truncate": unix.SYS_TRUNCATE,
	"connect": unix.SYS_CONNECT, "bind": unix.SYS_BIND, "unlinkat": unix.SYS_UNLINKAT,
	"mkdirat": unix.SYS_MKDIRAT, "mknodat": unix.SYS_MKNODAT, "renameat": unix.SYS_RENAMEAT, "renameat2": unix.SYS_RENAMEAT2,
	"linkat": unix.SYS_LINKAT, "symlinkat": unix.SYS_SYMLINKAT,
}}}
