package seccomp

import "golang.org/x/sys/unix"

var watched = []watchable{
	{unix.AUDIT_ARCH_X86_64, map[string]uint32{
		"execve": unix.SYS_EXECVE, "execveat": unix.SYS_EXECVEAT,
		"open": unix.SYS_OPEN, "openat": unix.SYS_OPENAT, "openat2": unix.SYS_OPENAT2, "creat": unix.SYS_CREAT,
		"truncate": unix.SYS_TRUNCATE, "connect": unix.SYS_CONNECT, "bind": unix.SYS_BIND,
		"unlink": unix.SYS_UNLINK, "unlinkat": unix.SYS_UNLINKAT, "rmdir": unix.SYS_RMDIR,
		"mkdir": unix.SYS_MKDIR, "mkdirat": unix.SYS_MKDIRAT, "mknod": unix.SYS_MKNOD, "mknodat": unix.SYS_MKNODAT,
		"rename": unix.SYS_RENAME, "renameat": unix.SYS_RENAMEAT, "renameat2": unix.SYS_RENAMEAT2,
		"link": unix.SYS_LINK, "linkat": unix.SYS_LINKAT, "symlink": unix.SYS_SYMLINK, "symlinkat": unix.SYS_SYMLINKAT,
	}},
	{unix.AUDIT_ARCH_I386, map[string]uint32{"execve": 11, "execveat": 358}},
}
