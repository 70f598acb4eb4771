package observe

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/seccomp"
)

// Programs are the calls that run programs, and those that change the meaning of paths;
// Files those that name files or addresses, too. Whoever sets up an
// io_uring does things that nobody sees.
var (
	Programs = []string{"execve", "execveat", "chroot", "pivot_root", "setns", "mount", "move_mount"}
	Files    = append(Programs, "open", "openat", "openat2", "creat", "truncate", "truncate64",
		"unlink", "unlinkat", "rmdir", "mkdir", "mkdirat", "mknod", "mknodat",
		"rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat",
		"mq_open", "connect", "bind", "sendto", "sendmsg", "sendmmsg", "socketcall", "io_uring_setup",
		"chown", "fchown", "lchown", "fchownat")
)

// types are those of files at the end of a path, a bit each.
type types uint16

func bit(kind uint32) types { return 1 << (kind >> 12) }

const nothing types = 1

var (
	anything  = ^nothing
	link      = bit(unix.S_IFLNK)
	directory = bit(unix.S_IFDIR)
	regular   = bit(unix.S_IFREG)
	socket    = bit(unix.S_IFSOCK)
)

// target is the subject of a call: a path, or an address.
type target struct {
	path   string // as the process says it
	how    lookup
	access enforce.Access // to the existing file
	mode   enforce.Access // that its mode has to allow
	// finds is the type that has to be there for the kernel to ask a policy at all.
	finds types
	// entry says that it is asked for writing the directory.
	entry bool
	// slash says that one may follow the name of a missing file.
	slash bool
	errno unix.Errno // if it is refused
	address
}

// plain is an existing thing by its path.
func plain(path string, dir int32, access enforce.Access, finds types) target {
	return target{path: path, how: lookup{dir: dir}, access: access, mode: access, finds: finds, errno: unix.EACCES}
}

// changed is an entry of a directory.
func changed(path string, dir int32, finds types) target {
	t := plain(path, dir, enforce.Write, finds)
	t.how.entry, t.entry = true, true
	return t
}

// arguments are those of a call in order.
type arguments struct {
	*notification
	err error
}

func (a *arguments) path(n int) string {
	if a.err != nil {
		return ""
	}
	var path string
	path, a.err = text(a.pid, a.args[n])
	return path
}

func (a *arguments) dir(n int) int32     { return int32(a.args[n]) }
func (a *arguments) is(n, flag int) bool { return int(a.args[n])&flag != 0 }

// targets decodes a call. The error is the kernel's, too: a bad address, or a
// path that is too long; but for errHidden.
func (n *notification) targets(call string) ([]target, error) {
	a := &arguments{notification: n}
	const cwd = unix.AT_FDCWD
	var all []target
	switch call {
	case "execve":
		all = executed(a.path(0), cwd, 0)
	case "execveat":
		all = executed(a.path(1), a.dir(0), a.args[4])
	case "open":
		all = opened(a.path(0), cwd, a.args[1], 0)
	case "openat":
		all = opened(a.path(1), a.dir(0), a.args[2], 0)
	case "openat2":
		all = a.opened2()
	case "creat":
		all = opened(a.path(0), cwd, unix.O_CREAT|unix.O_WRONLY|unix.O_TRUNC, 0)
	case "truncate", "truncate64":
		all = []target{plain(a.path(0), cwd, enforce.Write, regular)}
	case "unlink":
		all = []target{changed(a.path(0), cwd, anything&^directory)}
	case "rmdir":
		all = []target{changed(a.path(0), cwd, directory)}
	case "unlinkat":
		all = unlinked(a.path(1), a.dir(0), a.is(2, unix.AT_REMOVEDIR))
	case "mkdir":
		all = made(a.path(0), cwd, true)
	case "mkdirat":
		all = made(a.path(1), a.dir(0), true)
	case "mknod":
		all = made(a.path(0), cwd, false)
	case "mknodat":
		all = made(a.path(1), a.dir(0), false)
	case "symlink":
		all = made(a.path(1), cwd, false)
	case "symlinkat":
		all = made(a.path(2), a.dir(1), false)
	case "link":
		all = linked(a.path(0), cwd, a.path(1), cwd, 0)
	case "linkat":
		all = linked(a.path(1), a.dir(0), a.path(3), a.dir(2), a.args[4])
	case "rename":
		all = renamed(a.path(0), cwd, a.path(1), cwd, 0)
	case "renameat":
		all = renamed(a.path(1), a.dir(0), a.path(3), a.dir(2), 0)
	case "renameat2":
		all = renamed(a.path(1), a.dir(0), a.path(3), a.dir(2), a.args[4])
	default:
		return n.addresses(call)
	}
	return all, a.err
}

// executed is a program. The kernel opens it for reading, too.
func executed(path string, dir int32, flags uint64) []target {
	t := plain(path, dir, enforce.Execute|enforce.Read, regular)
	t.how.empty, t.how.noFollow = flags&unix.AT_EMPTY_PATH != 0, flags&unix.AT_SYMLINK_NOFOLLOW != 0
	return []target{t}
}

// opened is a file by the flags of open(2) and openat2(2), as build_open_flags of
// fs/open.c has them.
func opened(path string, dir int32, flags, resolve uint64) []target {
	const tmpfile = unix.O_TMPFILE &^ unix.O_DIRECTORY
	t := plain(path, dir, 0, anything&^link)
	t.how.noFollow, t.how.directory, t.how.resolve = flags&unix.O_NOFOLLOW != 0, flags&unix.O_DIRECTORY != 0, resolve
	t.access = []enforce.Access{enforce.Read, enforce.Write, enforce.Read | enforce.Write, 0}[flags&unix.O_ACCMODE]
	if t.mode = t.access; t.mode == 0 { // 3 is for ioctl(2) alone
		t.mode = enforce.Read | enforce.Write
	}
	switch {
	case flags&unix.O_PATH != 0, flags&unix.O_CREAT != 0 && flags&(unix.O_DIRECTORY|tmpfile) != 0:
		return nil // Landlock does not look at the one, the other is EINVAL
	case flags&tmpfile != 0 && t.mode == enforce.Read:
		return nil // EINVAL
	case flags&tmpfile != 0:
		t.finds = directory // in which the file is without a name
		return []target{t}
	}
	if flags&unix.O_TRUNC != 0 {
		t.access |= enforce.Write
		t.mode |= enforce.Write
	}
	if t.mode&enforce.Write != 0 {
		t.finds &^= directory
	}
	if flags&unix.O_CREAT != 0 {
		t.finds = t.finds&^directory | nothing
	}
	if flags&unix.O_CREAT != 0 && flags&unix.O_EXCL != 0 {
		t.finds, t.how.noFollow = nothing, true
	}
	return []target{t}
}

func (a *arguments) opened2() []target {
	var how [24]byte // struct open_how
	if a.args[3] < uint64(len(how)) {
		return nil // EINVAL
	}
	path := a.path(1)
	if a.err == nil {
		_, a.err = memory(a.pid, a.args[2], how[:])
	}
	return opened(path, a.dir(0), binary.NativeEndian.Uint64(how[:]), binary.NativeEndian.Uint64(how[16:]))
}

func unlinked(path string, dir int32, directories bool) []target {
	if directories {
		return []target{changed(path, dir, directory)}
	}
	return []target{changed(path, dir, anything&^directory)}
}

func made(path string, dir int32, slash bool) []target {
	t := changed(path, dir, nothing)
	t.slash = slash
	return []target{t}
}

// linked is a new entry for something. That takes the right to take it from its
// directory, without which the answer is EXDEV (security/landlock/fs.c,
// current_check_refer_path).
func linked(path string, dir int32, to string, toDir int32, flags uint64) []target {
	t := plain(path, dir, enforce.Write, anything&^directory)
	t.how.noFollow, t.how.empty = flags&unix.AT_SYMLINK_FOLLOW == 0, flags&unix.AT_EMPTY_PATH != 0
	t.entry, t.errno = true, unix.EXDEV
	return append(made(to, toDir, false), t)
}

func renamed(path string, dir int32, to string, toDir int32, flags uint64) []target {
	t := changed(to, toDir, anything|nothing)
	t.slash = flags&unix.RENAME_EXCHANGE == 0
	switch {
	case flags&unix.RENAME_NOREPLACE != 0:
		t.finds = nothing
	case flags&unix.RENAME_EXCHANGE != 0:
		t.finds = anything
	}
	return []target{changed(path, dir, anything), t}
}

// word is the size of a pointer of the process.
func (n *notification) word() int {
	if n.audit == unix.AUDIT_ARCH_I386 {
		return 4
	}
	return 8
}

// named reports whether a call would make a socket that a policy can open, of a network or
// a UNIX socket: its denial is one of these.
func (n *notification) named() bool {
	family := uint32(n.args[0])
	return seccomp.Name(n.audit, n.number) == "socket" && (family == unix.AF_UNIX || family == unix.AF_INET || family == unix.AF_INET6)
}
