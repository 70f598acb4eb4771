package seccomp

import (
	"slices"

	"golang.org/x/sys/unix"
)

// Inet is which Internet sockets there can be.
type Inet uint8

const (
	// InetAny leaves them alone.
	InetAny Inet = iota
	// InetPorts leaves those whose ports Landlock controls: TCP, and UDP
	// if Rules.UDP says so, but not MPTCP, SCTP or raw sockets.
	InetPorts
	// InetNone refuses all.
	InetNone
)

// Rules say what a filter refuses besides what it always does.
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
}

// rule refuses system calls with an errno, or has a supervisor asked about
// them, if all tests hold.
type rule struct {
	calls []string
	tests []test
	errno unix.Errno // or, if it is 0, a supervisor is asked
	// reason is what the rule is for.
	reason string
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
		"keyctl", "add_key", "request_key"),
	deny("io_uring does what other calls do, past every filter",
		"io_uring_setup", "io_uring_enter", "io_uring_register"),
	deny("mounts change what paths mean",
		"mount", "umount", "umount2", "pivot_root", "move_mount", "open_tree", "open_tree_attr",
		"fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "setns"),
	deny("interfaces to the kernel itself",
		"bpf", "perf_event_open", "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load"),
	deny("files by handle have no path to check", "open_by_handle_at"),
	deny("events of whole file systems, without regard to paths", "fanotify_init"),
	deny("page faults of the kernel itself, which wait for a program", "userfaultfd"),
	// Programs fall back to the ioctl, which takes a file that was opened.
	{[]string{"file_setattr"}, nil, unix.ENOSYS, "attributes of files by path, which Landlock does not check"},
	// File systems without whiteouts say the same (rename(2)).
	{[]string{"renameat2"}, []test{has(4, unix.RENAME_WHITEOUT)}, unix.EINVAL, "a whiteout, which is a device node"},
	// A process is named by its number alone, its own too: a filter cannot tell it from
	// another of the user's, whose scheduler could be set anyway (sched_setscheduler(2)).
	// Groups and users have many processes outside.
	{[]string{"setpriority"}, []test{isNot(0, unix.PRIO_PROCESS)}, unix.EPERM, "priorities of groups and users"},
	{[]string{"ioprio_set"}, []test{isNot(0, ioprioWhoProcess)}, unix.EPERM, "priorities of groups and users"},
	{[]string{"ioctl"}, []test{is(1, unix.TIOCSTI)}, unix.EPERM, "typing into the terminal that purity was started from"},
	{[]string{"ioctl"}, []test{is(1, unix.TIOCLINUX)}, unix.EPERM, "pasting into a console"},
	{[]string{"socket", "socketpair"}, []test{isNot(0, unix.AF_UNIX), isNot(0, unix.AF_INET), isNot(0, unix.AF_INET6), isNot(0, unix.AF_NETLINK)},
		unix.EAFNOSUPPORT, "socket families that no build needs"},
	// Interfaces and routes, as getifaddrs(3) asks for them.
	{[]string{"socket"}, []test{is(0, unix.AF_NETLINK), isNot(2, unix.NETLINK_ROUTE)}, unix.EPROTONOSUPPORT, "netlink but for routes"},
	// The family is in memory there, out of a filter's sight. 32-bit programs
	// still have the call named socket.
	{[]string{"socketcall"}, []test{is(0, 1)}, unix.EPERM, "32-bit sockets that a filter cannot see"},
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
	{[]string{"socketpair"}, []test{is(0, unix.AF_UNIX), isNotType(unix.SOCK_STREAM), isNotType(unix.SOCK_SEQPACKET)}, unix.EACCES, "pairs of UNIX sockets that are no connection"},
	// The type is in memory there; 32-bit programs still have the call named socketpair.
	{[]string{"socketcall"}, []test{is(0, 8)}, unix.EACCES, "32-bit pairs that a filter cannot see"},
}

// limits are the rules for the limits of other processes: by one for processor time the
// kernel ends them. To read limits is no harm. A pointer that is not null is one half or
// the other.
func (r Rules) limits() []rule {
	if r.Alone {
		return nil
	}
	refuse := func(t test) rule {
		return rule{[]string{"prlimit64"}, []test{isNot(0, 0), isNot(0, r.Self), t}, unix.EPERM, "limits of other processes"}
	}
	return []rule{refuse(isNot(2, 0)), refuse(isNotHigh(2))}
}

// rules is the whole table of r.
func (r Rules) rules() []rule {
	all := append(slices.Clone(always), r.limits()...)
	if !r.SysVIPC {
		all = append(all, deny("System V IPC reaches every process of the machine", sysV...))
	}
	if !r.UserNamespaces {
		all = append(all,
			rule{[]string{"clone", "unshare"}, []test{has(0, unix.CLONE_NEWUSER)}, unix.EPERM, "new user namespaces"},
			// Its flags are in memory; without it programs use clone.
			rule{[]string{"clone3"}, nil, unix.ENOSYS, "new user namespaces"})
	}
	if r.NoUnix {
		all = append(all, pairs...)
	}
	if r.Asked {
		return append(all, asked(r.sockets())...)
	}
	return append(all, r.sockets()...)
}

// sockets are the rules for those that a policy may open.
func (r Rules) sockets() []rule {
	var all []rule
	if r.NoUnix {
		all = append(all, rule{[]string{"socket"}, []test{is(0, unix.AF_UNIX)}, unix.EACCES, "UNIX sockets"})
	}
	for _, family := range []uint32{unix.AF_INET, unix.AF_INET6} {
		all = append(all, r.inet(family)...)
	}
	return all
}

// Sockets is the filter of r for sockets alone.
func (r Rules) Sockets() (Filter, error) {
	instructions, err := program(r.sockets(), machines)
	if err != nil {
		return nil, err
	}
	return assemble(instructions)
}

func (r Rules) inet(family uint32) []rule {
	refuse := func(tests ...test) rule {
		return rule{[]string{"socket"}, append([]test{is(0, family)}, tests...), unix.EACCES, "networks"}
	}
	const stream, datagram = unix.SOCK_STREAM, unix.SOCK_DGRAM
	switch {
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
