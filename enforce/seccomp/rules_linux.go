package seccomp

import (
	"slices"

	"golang.org/x/sys/unix"
)

// Inet is which Internet sockets there can be.
type Inet uint8

const (
	// InetAny leaves TCP, UDP and pings alone.
	InetAny Inet = iota
	// InetPorts leaves those whose ports Landlock controls: TCP, and UDP
	// if Rules.UDP says so, but not MPTCP, SCTP or raw sockets.
	InetPorts
	// InetNone refuses all.
	InetNone
)

// Rules are the denials of a filter besides the constant ones.
type Rules struct {
	Inet           Inet
	UDP            bool // with InetPorts
	NoUnix         bool // refuse UNIX sockets, but for socket pairs
	UserNamespaces bool // let new ones be made
	SysVIPC        bool // let System V shared memory, semaphores and queues be used
	// Self is the process that becomes the command: its limits may be set by its number, as
	// those of any process by 0. It is 0 where that is not known.
	Self uint32
	// Alone says that numbers name processes of the command alone, as in a PID namespace.
	Alone bool
	// Asked has a supervisor say no to Internet and UNIX sockets, who then knows
	// of them (see [Watch]); without one the kernel does.
	Asked bool
	// AskedAll has it answer all other denied calls, too, but for those that programs try
	// in passing and do without.
	AskedAll bool
}

// rule refuses system calls with an errno, or has a supervisor asked about
// them, if all tests hold.
type rule struct {
	calls []string
	tests []test
	errno unix.Errno // or, if it is 0, a supervisor is asked
	// reason is the purpose of the rule.
	reason string
	// opens is the setting that lets the call be, empty for that of the whole filter, and nothing
	// if none does.
	opens string
	// quiet rules say no by themselves, whoever is asked about the others.
	quiet bool
}

// test looks at the lower 32 bits of an argument, which are all that the kernel
// looks at where an int is meant: a filter that compares 64 is walked around by
// setting the others.
type test struct {
	arg         int
	mask, value uint32
	differ      bool // the masked argument must differ from value
	high        bool // the upper 32 bits, of a pointer
}

func is(arg int, value uint32) test { return test{arg: arg, mask: ^uint32(0), value: value} }
func isNot(arg int, value uint32) test {
	return test{arg: arg, mask: ^uint32(0), value: value, differ: true}
}
func has(arg int, bits uint32) test { return test{arg: arg, mask: bits, value: bits} }
func isType(value uint32) test      { return test{arg: 1, mask: 0xf, value: value} } // SOCK_NONBLOCK and SOCK_CLOEXEC are above
func isNotType(value uint32) test   { return test{arg: 1, mask: 0xf, value: value, differ: true} }
func isNotHigh(arg int) test        { return test{arg: arg, mask: ^uint32(0), differ: true, high: true} }
func deny(reason string, c ...string) rule {
	return rule{calls: c, errno: unix.EPERM, reason: reason}
}

// always is refused by every filter.
var always = []rule{
	deny("keyrings are the user's, and one call leaves a Landlock domain on older kernels (CVE-2024-42318)",
		"keyctl", "add_key"),
	// By this one the filter is known to be there ([Installed]).
	{calls: []string{"request_key"}, errno: unix.EPERM, reason: "keyrings are the user's", quiet: true},
	// Libraries do without it where the kernel has none.
	{calls: []string{"io_uring_setup", "io_uring_enter", "io_uring_register"}, errno: unix.ENOSYS, reason: "io_uring does what other calls do, past every filter"},
	// Landlock denies mounts without the filter, too.
	{calls: []string{"mount", "umount", "umount2", "pivot_root", "move_mount", "open_tree", "open_tree_attr",
		"fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr"}, errno: unix.EPERM, reason: "mounts change what paths mean", opens: nothing},
	deny("other namespaces have other mounts", "setns"),
	deny("interfaces to the kernel itself",
		"bpf", "perf_event_open", "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load"),
	deny("files by handle have no path to check", "open_by_handle_at"),
	// Marks of single files and directories are as those of inotify(7).
	{calls: []string{"fanotify_mark"}, tests: []test{has(1, unix.FAN_MARK_MOUNT)}, errno: unix.EPERM, reason: "events of whole mounts, without regard to paths"},
	{calls: []string{"fanotify_mark"}, tests: []test{has(1, unix.FAN_MARK_FILESYSTEM)}, errno: unix.EPERM, reason: "events of whole file systems, without regard to paths"},
	{calls: []string{"fanotify_init"}, tests: []test{has(0, unix.FAN_CLASS_CONTENT)}, errno: unix.EPERM, reason: "events of files that wait for a program"},
	{calls: []string{"fanotify_init"}, tests: []test{has(0, unix.FAN_CLASS_PRE_CONTENT)}, errno: unix.EPERM, reason: "events of files that wait for a program"},
	deny("page faults of the kernel itself, which wait for a program", "userfaultfd"),
	// Programs fall back to the ioctl, which takes a file that was opened.
	{calls: []string{"file_setattr"}, errno: unix.ENOSYS, reason: "attributes of files by path, which Landlock does not check", quiet: true},
	// File systems without whiteouts say the same (rename(2)).
	{calls: []string{"renameat2"}, tests: []test{has(4, unix.RENAME_WHITEOUT)}, errno: unix.EINVAL, reason: "a whiteout, which is a device node", quiet: true},
	// A process is named by its number alone, its own too: a filter cannot tell it from
	// another of the user's, whose scheduler could be set anyway (sched_setscheduler(2)).
	// Groups and users have many processes outside.
	{calls: []string{"setpriority"}, tests: []test{isNot(0, unix.PRIO_PROCESS)}, errno: unix.EPERM, reason: "priorities of groups and users"},
	{calls: []string{"ioprio_set"}, tests: []test{isNot(0, ioprioWhoProcess)}, errno: unix.EPERM, reason: "priorities of groups and users"},
	{calls: []string{"ioctl"}, tests: []test{is(1, unix.TIOCSTI)}, errno: unix.EPERM, reason: "typing into the terminal that purity was started from"},
	{calls: []string{"ioctl"}, tests: []test{is(1, unix.TIOCLINUX)}, errno: unix.EPERM, reason: "pasting into a console"},
	{calls: []string{"socket", "socketpair"}, tests: []test{isNot(0, unix.AF_UNIX), isNot(0, unix.AF_INET), isNot(0, unix.AF_INET6), isNot(0, unix.AF_NETLINK)},
		errno: unix.EAFNOSUPPORT, reason: "socket families that no build needs"},
	// Interfaces and routes, as getifaddrs(3) asks for them.
	{calls: []string{"socket"}, tests: []test{is(0, unix.AF_NETLINK), isNot(2, unix.NETLINK_ROUTE)}, errno: unix.EPROTONOSUPPORT, reason: "netlink but for routes"},
	// The family is in memory there, out of a filter's sight. 32-bit programs
	// still have the call named socket.
	{calls: []string{"socketcall"}, tests: []test{is(0, 1)}, errno: unix.EPERM, reason: "32-bit sockets that a filter cannot see"},
}

// ioprioWhoProcess is IOPRIO_WHO_PROCESS (linux/ioprio.h).
const ioprioWhoProcess = 1

// sysV are the calls of System V IPC; ipc is all of them in 32-bit programs.
var sysV = []string{
	"shmget", "shmat", "shmctl", "semget", "semop", "semtimedop", "semtimedop_time64", "semctl",
	"msgget", "msgsnd", "msgrcv", "msgctl", "ipc",
}

// pairs are those of UNIX sockets that reach further than to each other, refused where
// there are to be no UNIX sockets. A datagram socket sends to any address, though it is
// one of a pair; the kernel makes one of a raw socket, too (net/unix/af_unix.c,
// unix_create). Connections, of streams and packets, have one peer for good.
var pairs = []rule{
	{calls: []string{"socketpair"}, tests: []test{is(0, unix.AF_UNIX), isNotType(unix.SOCK_STREAM), isNotType(unix.SOCK_SEQPACKET)}, errno: unix.EACCES, reason: "pairs of UNIX sockets that are no connection"},
	// The type is in memory there; 32-bit programs still have the call named socketpair.
	{calls: []string{"socketcall"}, tests: []test{is(0, 8)}, errno: unix.EACCES, reason: "32-bit pairs that a filter cannot see"},
}

// limits are the rules for the limits of other processes: by one for processor time the
// kernel ends them. To read limits is no harm. A pointer that is not null is one half or
// the other.
func (r Rules) limits() []rule {
	if r.Alone {
		return nil
	}
	refuse := func(t test) rule {
		return rule{calls: []string{"prlimit64"}, tests: []test{isNot(0, 0), isNot(0, r.Self), t}, errno: unix.EPERM, reason: "limits of other processes, which in a view are the command's own", opens: "view = true"}
	}
	return []rule{refuse(isNot(2, 0)), refuse(isNotHigh(2))}
}

// rules is the whole table of r.
func (r Rules) rules() []rule {
	all := append(slices.Clone(always), r.limits()...)
	if !r.SysVIPC {
		all = append(all, rule{calls: sysV, errno: unix.EPERM, reason: "System V IPC reaches every process of the machine", opens: `presets = ["sysv-ipc"]`})
	}
	if !r.UserNamespaces {
		all = append(all,
			rule{calls: []string{"clone", "unshare"}, tests: []test{has(0, unix.CLONE_NEWUSER)}, errno: unix.EPERM, reason: "new user namespaces", opens: "user-namespaces = true"},
			// Its flags are in memory; without it programs use clone.
			rule{calls: []string{"clone3"}, errno: unix.ENOSYS, reason: "new user namespaces", quiet: true})
	}
	if r.NoUnix {
		all = append(all, pairs...)
	}
	if r.AskedAll {
		all = asked(all)
	}
	if r.Asked {
		return append(all, asked(r.sockets())...)
	}
	return append(all, r.sockets()...)
}

// supervised are the rules that a supervisor is asked about.
func (r Rules) supervised() []rule {
	var all []rule
	for _, rule := range r.rules() {
		if rule.errno == 0 {
			all = append(all, rule)
		}
	}
	return all
}

// Unasked is r where there is no supervisor: the kernel says no by itself.
func (r Rules) Unasked() Rules {
	r.Asked, r.AskedAll = false, false
	return r
}

// sockets are the rules for those that a policy may open.
func (r Rules) sockets() []rule {
	var all []rule
	if r.NoUnix {
		all = append(all, rule{calls: []string{"socket"}, tests: []test{is(0, unix.AF_UNIX)}, errno: unix.EACCES, reason: "UNIX sockets"})
	}
	for _, family := range []uint32{unix.AF_INET, unix.AF_INET6} {
		all = append(all, r.inet(family)...)
	}
	return all
}

func (r Rules) inet(family uint32) []rule {
	refuse := func(tests ...test) rule {
		return rule{calls: []string{"socket"}, tests: append([]test{is(0, family)}, tests...), errno: unix.EACCES, reason: "networks"}
	}
	const stream, datagram = unix.SOCK_STREAM, unix.SOCK_DGRAM
	other := func(errno unix.Errno, tests ...test) rule {
		r := refuse(tests...)
		r.errno, r.quiet, r.reason = errno, true, "kinds of connections that no build needs"
		return r
	}
	switch {
	case r.Inet == InetAny: // as by a kernel without MPTCP and SCTP: programs that try them do without
		return []rule{
			other(unix.EPROTONOSUPPORT, isType(stream), isNot(2, 0), isNot(2, unix.IPPROTO_TCP)),
			other(unix.ESOCKTNOSUPPORT, isNotType(stream), isNotType(datagram), isNotType(unix.SOCK_RAW)),
		}
	case r.Inet == InetNone:
		return []rule{refuse()}
	case r.Inet == InetPorts && r.UDP:
		return []rule{
			refuse(isNotType(stream), isNotType(datagram)),
			refuse(isType(stream), isNot(2, 0), isNot(2, unix.IPPROTO_TCP)),
			refuse(isType(datagram), isNot(2, 0), isNot(2, unix.IPPROTO_UDP)),
		}
	case r.Inet == InetPorts:
		return []rule{
			refuse(isNotType(stream)),
			refuse(isType(stream), isNot(2, 0), isNot(2, unix.IPPROTO_TCP)),
		}
	}
	return nil
}
