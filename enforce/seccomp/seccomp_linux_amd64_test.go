package seccomp

import (
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// call is a system call as a filter sees it.
type call struct {
	audit, number uint32
	args          [6]uint64
}

// run has a program judge a call. The package's virtual machine reads
// big-endian words, the kernel its own.
func run(t testing.TB, r Rules, c call) uint32 {
	t.Helper()
	program, err := r.program(machines)
	if err != nil {
		t.Fatal(err)
	}
	vm, err := bpf.NewVM(program)
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 64)
	binary.BigEndian.PutUint32(data[0:], c.number)
	binary.BigEndian.PutUint32(data[4:], c.audit)
	for i, a := range c.args {
		binary.BigEndian.PutUint32(data[16+8*i:], uint32(a))
		binary.BigEndian.PutUint32(data[20+8*i:], uint32(a>>32))
	}
	verdict, err := vm.Run(data)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(verdict)
}

// judge is the meaning of the rules, without any program.
func (r Rules) judge(c call) uint32 {
	for _, m := range machines {
		if m.audit != c.audit {
			continue
		}
		if m.x32 && c.number >= x32Bit {
			return unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
		}
		for _, rule := range r.rules() {
			for _, name := range rule.calls {
				if n, ok := m.numbers[name]; !ok || n != c.number {
					continue
				}
				matches := true
				for _, test := range rule.tests {
					half := uint32(c.args[test.arg])
					if test.high {
						half = uint32(c.args[test.arg] >> 32)
					}
					equal := half&test.mask == test.value
					matches = matches && equal != test.differ
				}
				if matches {
					return unix.SECCOMP_RET_ERRNO | uint32(rule.errno)
				}
			}
		}
		return unix.SECCOMP_RET_ALLOW
	}
	return unix.SECCOMP_RET_KILL_PROCESS
}

func refused(errno unix.Errno) uint32 { return unix.SECCOMP_RET_ERRNO | uint32(errno) }

const allow = unix.SECCOMP_RET_ALLOW

// Each refusal beside an allowed twin.
func TestVerdicts(t *testing.T) {
	const here = unix.AUDIT_ARCH_X86_64
	ports, udp, none := Rules{Inet: InetPorts}, Rules{Inet: InetPorts, UDP: true}, Rules{Inet: InetNone, NoUnix: true}
	for _, tt := range []struct {
		name  string
		rules Rules
		call  call
		want  uint32
	}{
		{"read", Rules{}, call{here, unix.SYS_READ, [6]uint64{}}, allow},
		{"keyctl", Rules{}, call{here, unix.SYS_KEYCTL, [6]uint64{}}, refused(unix.EPERM)},
		{"keyctl in 32 bits", Rules{}, call{unix.AUDIT_ARCH_I386, 288, [6]uint64{}}, refused(unix.EPERM)},
		{"what 288 is in 64 bits", Rules{}, call{here, 288, [6]uint64{}}, allow}, // accept4
		{"any call in x32", Rules{}, call{here, x32Bit | unix.SYS_READ, [6]uint64{}}, refused(unix.ENOSYS)},
		{"another machine", Rules{}, call{unix.AUDIT_ARCH_AARCH64, unix.SYS_READ, [6]uint64{}}, unix.SECCOMP_RET_KILL_PROCESS},
		{"TIOCSTI", Rules{}, call{here, unix.SYS_IOCTL, [6]uint64{0, unix.TIOCSTI}}, refused(unix.EPERM)},
		{"TIOCSTI with a high bit", Rules{}, call{here, unix.SYS_IOCTL, [6]uint64{0, unix.TIOCSTI | 1<<40}}, refused(unix.EPERM)},
		{"TIOCLINUX", Rules{}, call{here, unix.SYS_IOCTL, [6]uint64{0, unix.TIOCLINUX}}, refused(unix.EPERM)},
		{"TCGETS", Rules{}, call{here, unix.SYS_IOCTL, [6]uint64{0, unix.TCGETS}}, allow},
		{"own limits", Rules{}, call{here, unix.SYS_PRLIMIT64, [6]uint64{0}}, allow},
		{"own limits, to set", Rules{}, call{here, unix.SYS_PRLIMIT64, [6]uint64{0, 7, 0x1000}}, allow},
		{"own limits by number", Rules{Self: 812}, call{here, unix.SYS_PRLIMIT64, [6]uint64{812, 7, 0x1000}}, allow},
		{"another's limits, to read", Rules{Self: 812}, call{here, unix.SYS_PRLIMIT64, [6]uint64{1, 7, 0, 0x1000}}, allow},
		{"another's limits", Rules{Self: 812}, call{here, unix.SYS_PRLIMIT64, [6]uint64{1, 7, 0x1000}}, refused(unix.EPERM)},
		{"another's limits, high in memory", Rules{}, call{here, unix.SYS_PRLIMIT64, [6]uint64{1, 7, 1 << 32}}, refused(unix.EPERM)},
		{"another's limits with a high bit", Rules{Self: 812}, call{here, unix.SYS_PRLIMIT64, [6]uint64{1 | 812<<32, 7, 0x1000}}, refused(unix.EPERM)},
		{"another's limits in 32 bits", Rules{}, call{unix.AUDIT_ARCH_I386, 340, [6]uint64{1, 7, 0x1000}}, refused(unix.EPERM)},
		{"limits of the view's", Rules{Alone: true}, call{here, unix.SYS_PRLIMIT64, [6]uint64{1, 7, 0x1000}}, allow},
		{"own priority", Rules{}, call{here, unix.SYS_SETPRIORITY, [6]uint64{0, 0, 5}}, allow},
		{"a priority by number", Rules{}, call{here, unix.SYS_SETPRIORITY, [6]uint64{0, 1, 5}}, allow},
		{"a user's priority by number", Rules{}, call{here, unix.SYS_SETPRIORITY, [6]uint64{unix.PRIO_USER, 1000, 5}}, refused(unix.EPERM)},
		{"an I/O priority by number", Rules{}, call{here, unix.SYS_IOPRIO_SET, [6]uint64{1, 1, 3 << 13}}, allow},
		{"a user's priority", Rules{}, call{here, unix.SYS_SETPRIORITY, [6]uint64{unix.PRIO_USER, 0, 5}}, refused(unix.EPERM)},
		{"a group's priority", Rules{}, call{here, unix.SYS_SETPRIORITY, [6]uint64{unix.PRIO_PGRP, 0, 5}}, refused(unix.EPERM)},
		{"own I/O priority", Rules{}, call{here, unix.SYS_IOPRIO_SET, [6]uint64{1, 0, 3 << 13}}, allow},
		{"a user's I/O priority", Rules{}, call{here, unix.SYS_IOPRIO_SET, [6]uint64{3, 0, 3 << 13}}, refused(unix.EPERM)},
		{"rename", Rules{}, call{here, unix.SYS_RENAMEAT2, [6]uint64{0, 0, 0, 0, unix.RENAME_NOREPLACE}}, allow},
		{"rename that leaves a device node", Rules{}, call{here, unix.SYS_RENAMEAT2, [6]uint64{0, 0, 0, 0, unix.RENAME_WHITEOUT | unix.RENAME_NOREPLACE}}, refused(unix.EINVAL)},
		{"the same in 32 bits", Rules{}, call{unix.AUDIT_ARCH_I386, 353, [6]uint64{0, 0, 0, 0, unix.RENAME_WHITEOUT}}, refused(unix.EINVAL)},
		{"attributes of a path", Rules{}, call{here, unix.SYS_FILE_SETATTR, [6]uint64{}}, refused(unix.ENOSYS)},
		{"fanotify", Rules{}, call{here, unix.SYS_FANOTIFY_INIT, [6]uint64{unix.FAN_REPORT_FID}}, allow},
		{"fanotify that others wait for", Rules{}, call{here, unix.SYS_FANOTIFY_INIT, [6]uint64{unix.FAN_CLASS_CONTENT}}, refused(unix.EPERM)},
		{"fanotify that they wait for longer", Rules{}, call{here, unix.SYS_FANOTIFY_INIT, [6]uint64{unix.FAN_CLASS_PRE_CONTENT | unix.FAN_CLOEXEC}}, refused(unix.EPERM)},
		{"fanotify of a directory", Rules{}, call{here, unix.SYS_FANOTIFY_MARK, [6]uint64{3, unix.FAN_MARK_ADD | unix.FAN_MARK_ONLYDIR}}, allow},
		{"fanotify of a mount", Rules{}, call{here, unix.SYS_FANOTIFY_MARK, [6]uint64{3, unix.FAN_MARK_ADD | unix.FAN_MARK_MOUNT}}, refused(unix.EPERM)},
		{"fanotify of a file system", Rules{}, call{here, unix.SYS_FANOTIFY_MARK, [6]uint64{3, unix.FAN_MARK_ADD | unix.FAN_MARK_FILESYSTEM}}, refused(unix.EPERM)},
		{"fanotify of mounts", Rules{}, call{here, unix.SYS_FANOTIFY_MARK, [6]uint64{3, unix.FAN_MARK_ADD | 0x110}}, refused(unix.EPERM)},
		{"the same in 32 bits", Rules{}, call{unix.AUDIT_ARCH_I386, 339, [6]uint64{3, unix.FAN_MARK_ADD | unix.FAN_MARK_FILESYSTEM}}, refused(unix.EPERM)},
		{"inotify", Rules{}, call{here, unix.SYS_INOTIFY_INIT1, [6]uint64{}}, allow},
		{"fork", Rules{}, call{here, unix.SYS_CLONE, [6]uint64{17}}, allow},
		{"fork with a user namespace", Rules{}, call{here, unix.SYS_CLONE, [6]uint64{17 | unix.CLONE_NEWUSER}}, refused(unix.EPERM)},
		{"allowed so", Rules{UserNamespaces: true}, call{here, unix.SYS_CLONE, [6]uint64{unix.CLONE_NEWUSER}}, allow},
		{"clone3", Rules{}, call{here, unix.SYS_CLONE3, [6]uint64{}}, refused(unix.ENOSYS)},
		{"clone3 where allowed", Rules{UserNamespaces: true}, call{here, unix.SYS_CLONE3, [6]uint64{}}, allow},
		{"shmget", Rules{}, call{here, unix.SYS_SHMGET, [6]uint64{}}, refused(unix.EPERM)},
		{"shmget where allowed", Rules{SysVIPC: true}, call{here, unix.SYS_SHMGET, [6]uint64{}}, allow},
		{"ipc in 32 bits", Rules{}, call{unix.AUDIT_ARCH_I386, 117, [6]uint64{}}, refused(unix.EPERM)},
		{"TCP", Rules{}, call{here, unix.SYS_SOCKET, [6]uint64{unix.AF_INET, unix.SOCK_STREAM | unix.SOCK_CLOEXEC, 0}}, allow},
		{"MPTCP", Rules{}, call{here, unix.SYS_SOCKET, [6]uint64{unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP}}, refused(unix.EPROTONOSUPPORT)},
		{"MPTCP in 32 bits", Rules{}, call{unix.AUDIT_ARCH_I386, 359, [6]uint64{unix.AF_INET6, unix.SOCK_STREAM | unix.SOCK_CLOEXEC, unix.IPPROTO_MPTCP}}, refused(unix.EPROTONOSUPPORT)},
		{"TCP by its number", Rules{}, call{here, unix.SYS_SOCKET, [6]uint64{unix.AF_INET6, unix.SOCK_STREAM | unix.SOCK_NONBLOCK, unix.IPPROTO_TCP}}, allow},
		{"SCTP", Rules{}, call{here, unix.SYS_SOCKET, [6]uint64{unix.AF_INET, unix.SOCK_SEQPACKET | unix.SOCK_CLOEXEC, unix.IPPROTO_SCTP}}, refused(unix.ESOCKTNOSUPPORT)},
		{"SCTP for one peer", Rules{}, call{here, unix.SYS_SOCKET, [6]uint64{unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_SCTP}}, refused(unix.EPROTONOSUPPORT)},
		{"UDP", Rules{}, call{here, unix.SYS_SOCKET, [6]uint64{unix.AF_INET6, unix.SOCK_DGRAM | unix.SOCK_CLOEXEC, 0}}, allow},
		{"ping", Rules{}, call{here, unix.SYS_SOCKET, [6]uint64{unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_ICMP}}, allow},
		{"raw, which takes a capability", Rules{}, call{here, unix.SYS_SOCKET, [6]uint64{unix.AF_INET, unix.SOCK_RAW, 1}}, allow},
		{"TCP by port", ports, call{here, unix.SYS_SOCKET, [6]uint64{unix.AF_INET6, unix.SOCK_STREAM | unix.SOCK_CLOEXEC, unix.IPPROTO_TCP}}, allow},
		{"MPTCP by port", ports, call{here, unix.SYS_SOCKET, [6]uint64{unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP}}, refused(unix.EACCES)},
		{"UDP by port", ports, call{here, unix.SYS_SOCKET, [6]uint64{unix.AF_INET, unix.SOCK_DGRAM, 0}}, refused(unix.EACCES)},
		{"UDP where allowed", udp, call{here, unix.SYS_SOCKET, [6]uint64{unix.AF_INET6, unix.SOCK_DGRAM | unix.SOCK_NONBLOCK, 0}}, allow},
		{"ping where UDP is", udp, call{here, unix.SYS_SOCKET, [6]uint64{unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_ICMP}}, refused(unix.EACCES)},
		{"raw where UDP is", udp, call{here, unix.SYS_SOCKET, [6]uint64{unix.AF_INET, unix.SOCK_RAW, 1}}, refused(unix.EACCES)},
		{"TCP where there is none", none, call{here, unix.SYS_SOCKET, [6]uint64{unix.AF_INET, unix.SOCK_STREAM, 0}}, refused(unix.EACCES)},
		{"TCP with a high bit", none, call{here, unix.SYS_SOCKET, [6]uint64{unix.AF_INET | 1<<32, unix.SOCK_STREAM, 0}}, refused(unix.EACCES)},
		{"TCP in 32 bits", none, call{unix.AUDIT_ARCH_I386, 359, [6]uint64{unix.AF_INET, unix.SOCK_STREAM, 0}}, refused(unix.EACCES)},
		{"socketcall", Rules{}, call{unix.AUDIT_ARCH_I386, 102, [6]uint64{1}}, refused(unix.EPERM)},
		{"socketcall for a pair", Rules{}, call{unix.AUDIT_ARCH_I386, 102, [6]uint64{8}}, allow},
		{"socketcall for a pair where there are no UNIX sockets", none, call{unix.AUDIT_ARCH_I386, 102, [6]uint64{8}}, refused(unix.EACCES)},
		{"UNIX", Rules{}, call{here, unix.SYS_SOCKET, [6]uint64{unix.AF_UNIX, unix.SOCK_STREAM, 0}}, allow},
		{"UNIX where there is none", none, call{here, unix.SYS_SOCKET, [6]uint64{unix.AF_UNIX, unix.SOCK_STREAM, 0}}, refused(unix.EACCES)},
		{"a pair", none, call{here, unix.SYS_SOCKETPAIR, [6]uint64{unix.AF_UNIX, unix.SOCK_STREAM, 0}}, allow},
		{"a pair of packets", none, call{here, unix.SYS_SOCKETPAIR, [6]uint64{unix.AF_UNIX, unix.SOCK_SEQPACKET | unix.SOCK_NONBLOCK, 0}}, allow},
		{"a pair of datagrams", none, call{here, unix.SYS_SOCKETPAIR, [6]uint64{unix.AF_UNIX, unix.SOCK_DGRAM | unix.SOCK_CLOEXEC, 0}}, refused(unix.EACCES)},
		{"a pair of raw sockets", none, call{here, unix.SYS_SOCKETPAIR, [6]uint64{unix.AF_UNIX, unix.SOCK_RAW, 0}}, refused(unix.EACCES)},
		{"a pair of datagrams in 32 bits", none, call{unix.AUDIT_ARCH_I386, 360, [6]uint64{unix.AF_UNIX, unix.SOCK_DGRAM, 0}}, refused(unix.EACCES)},
		{"a pair of datagrams where there are UNIX sockets", Rules{}, call{here, unix.SYS_SOCKETPAIR, [6]uint64{unix.AF_UNIX, unix.SOCK_DGRAM, 0}}, allow},
		{"routes", none, call{here, unix.SYS_SOCKET, [6]uint64{unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE}}, allow},
		{"audit", Rules{}, call{here, unix.SYS_SOCKET, [6]uint64{unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_AUDIT}}, refused(unix.EPROTONOSUPPORT)},
		{"vsock", Rules{}, call{here, unix.SYS_SOCKET, [6]uint64{unix.AF_VSOCK, unix.SOCK_STREAM, 0}}, refused(unix.EAFNOSUPPORT)},
		{"packets", Rules{}, call{here, unix.SYS_SOCKET, [6]uint64{unix.AF_PACKET, unix.SOCK_RAW, 0}}, refused(unix.EAFNOSUPPORT)},
	} {
		if got := run(t, tt.rules, tt.call); got != tt.want {
			t.Errorf("%s: %#x, want %#x", tt.name, got, tt.want)
		}
		if got := tt.rules.judge(tt.call); got != tt.want {
			t.Errorf("the model says of %s: %#x, want %#x", tt.name, got, tt.want)
		}
	}
}

// The program and the model agree about any call.
func FuzzFilter(f *testing.F) {
	f.Add(uint8(0), uint32(unix.SYS_SOCKET), uint64(2), uint64(1), uint64(0), uint8(0))
	f.Add(uint8(1), uint32(102), uint64(1), uint64(0), uint64(0), uint8(0xff))
	f.Add(uint8(0), uint32(unix.SYS_IOCTL), uint64(0), uint64(unix.TIOCSTI), uint64(0), uint8(3))
	f.Add(uint8(2), uint32(0), uint64(0), uint64(0), uint64(0), uint8(0))
	f.Add(uint8(0), uint32(x32Bit), uint64(0), uint64(0), uint64(0), uint8(0))
	f.Fuzz(func(t *testing.T, machine uint8, number uint32, a, b, c uint64, bits uint8) {
		audit := uint32(unix.AUDIT_ARCH_S390)
		if int(machine) < len(machines) {
			audit = machines[machine].audit
		}
		r := Rules{Inet: Inet(bits % 3), UDP: bits&4 != 0, NoUnix: bits&8 != 0, UserNamespaces: bits&16 != 0, SysVIPC: bits&32 != 0, Self: uint32(bits & 64), Alone: bits&128 != 0}
		for _, c := range []call{{audit, number, [6]uint64{a, b, c}}, {audit, number % 512, [6]uint64{a % 64, b % 16, c % 300}}} {
			if got, want := run(t, r, c), r.judge(c); got != want {
				t.Errorf("%+v of %+v: %#x, want %#x", c, r, got, want)
			}
		}
	})
}

// A supervisor is asked about calls that it knows to be denied, and with the errno that
// the filter has without one. Nothing else of a call is asked.
func TestRefuses(t *testing.T) {
	const notify = unix.SECCOMP_RET_USER_NOTIF
	for _, r := range []Rules{{}, {SysVIPC: true, UserNamespaces: true, Alone: true}, {Inet: InetNone, NoUnix: true}, {Inet: InetPorts, UDP: true, Self: 812}} {
		supervised := r
		supervised.Asked, supervised.AskedAll = true, true
		for _, m := range machines {
			for name, number := range m.numbers {
				for _, args := range [][6]uint64{{}, {1, 1, 1}, {unix.AF_VSOCK}, {unix.AF_INET, unix.SOCK_DGRAM}, {unix.AF_NETLINK, 3, 9}, {unix.CLONE_NEWUSER}, {0, unix.TIOCSTI}, {812, 7, 1 << 32}, {8}} {
					c := call{m.audit, number, args}
					alone, asked := run(t, r, c), run(t, supervised, c)
					refusal, ok := r.Refuses(m.audit, int32(number), args)
					switch {
					case ok && (asked != notify || alone != refused(refusal.Errno)):
						t.Errorf("%s%v of %+v: %#x, asked %#x, refused with %v", name, args, r, alone, asked, refusal.Errno)
					case !ok && (asked == notify || asked != alone):
						t.Errorf("%s%v of %+v: %#x, asked %#x, and nobody knows", name, args, r, alone, asked)
					case ok && (refusal.Reason == "" || (refusal.Opens == "") != strings.HasPrefix(refusal.Reason, "mounts ")):
						t.Errorf("%s: %+v", name, refusal)
					}
				}
			}
		}
	}
	r, _ := Rules{}.Refuses(unix.AUDIT_ARCH_X86_64, unix.SYS_SHMGET, [6]uint64{})
	if r.Call != "shmget" || r.Opens != `presets = ["sysv-ipc"]` {
		t.Errorf("%+v", r)
	}
	r, _ = Rules{}.Refuses(unix.AUDIT_ARCH_X86_64, unix.SYS_PRLIMIT64, [6]uint64{2, 0, 1})
	if r.Call != "prlimit64" || r.Opens != "view = true" {
		t.Errorf("prlimit: %+v", r)
	}
	r, _ = Rules{}.Refuses(unix.AUDIT_ARCH_X86_64, unix.SYS_SOCKET, [6]uint64{unix.AF_VSOCK})
	if r.Call != "socket AF_VSOCK" || r.Opens != "seccomp = false" || r.Errno != unix.EAFNOSUPPORT {
		t.Errorf("%+v", r)
	}
	if r, ok := (Rules{}).Refuses(unix.AUDIT_ARCH_X86_64, unix.SYS_CLONE3, [6]uint64{}); ok {
		t.Errorf("a quiet rule counts: %+v", r)
	}
}

// Every call that a rule names has a number, and those of 32-bit calls are
// the ones that golang.org/x/sys has for such machines.
func TestNumbers(t *testing.T) {
	only32 := []string{"ipc", "socketcall", "umount", "semtimedop_time64"}
	for _, rule := range (Rules{NoUnix: true, Inet: InetNone}).rules() {
		for _, name := range rule.calls {
			if _, ok := native[name]; !ok && !slices.Contains(only32, name) {
				t.Errorf("%s has no number", name)
			}
		}
	}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "unix", "zsysnum_linux_386.go"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]uint32{}
	for _, m := range regexp.MustCompile(`SYS_(\w+)\s+= (\d+)`).FindAllStringSubmatch(string(data), -1) {
		n, err := strconv.ParseUint(m[2], 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		known[strings.ToLower(m[1])] = uint32(n)
	}
	for _, name := range slices.Sorted(maps.Keys(i386)) {
		if known[name] != i386[name] {
			t.Errorf("%s is %d, want %d", name, i386[name], known[name])
		}
	}
	for name := range native {
		if n, ok := known[name]; ok && i386[name] != n && name != "semop" && name != "semtimedop" {
			t.Errorf("%s is %d in 32 bits, and no rule sees it", name, n)
		}
	}
}

// The filter is small enough for the kernel, and starts cost next to nothing.
func BenchmarkAssemble(b *testing.B) {
	var n int
	for b.Loop() {
		filter, err := (Rules{}).Filter()
		if err != nil {
			b.Fatal(err)
		}
		n = len(filter)
	}
	b.ReportMetric(float64(n), "instructions")
	if n > 4096 {
		b.Fatal(fmt.Errorf("%d instructions, BPF_MAXINSNS is 4096", n))
	}
}
