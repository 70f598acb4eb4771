package observe

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Types of audit messages, of linux/audit.h.
const (
	messageGet    = 1000
	recordSyscall = 1300
	recordAccess  = 1423 // Landlock refused something; from Linux 6.15
	recordDomain  = 1424 // a Landlock domain came or went
)

// AuditLog is where the kernel reports denials of Landlock.
type AuditLog struct {
	fd       int
	dir      string // to be assumed for processes that are gone
	followed bool
	done     chan struct{} // all is read
	access   []record
	domain   map[int]string // by the process that made it
}

// record is that of a refusal, with the one that is about the system call; the
// two have the same serial number.
type record struct {
	serial, text, call string
	by                 Process
}

var errAuditOff = errors.New("the audit log is off")

// OpenAuditLog listens to the kernel's audit log, which takes CAP_AUDIT_READ.
// Whether there is anything to hear is the machine's setting: it is system-wide,
// so it is left as it is. The error says why there is no listening.
func OpenAuditLog() (*AuditLog, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_AUDIT)
	if err != nil {
		return nil, err
	}
	if err = unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: 1}); err == nil && off(fd) { // AUDIT_NLGRP_READLOG
		err = errAuditOff
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 16<<20) // records that do not fit are lost, and confirm nothing
	return &AuditLog{fd: fd, done: make(chan struct{}), domain: map[int]string{}}, nil
}

// off reports whether the log is known to be off. Who may listen may not always
// ask.
func off(fd int) bool {
	request := make([]byte, unix.NLMSG_HDRLEN)
	native := binary.NativeEndian
	native.PutUint32(request[0:], uint32(len(request)))
	native.PutUint16(request[4:], messageGet)
	native.PutUint16(request[6:], unix.NLM_F_REQUEST)
	if unix.Sendto(fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}) != nil {
		return false
	}
	for data := make([]byte, 16<<10); ready(fd, -1, time.Second); {
		n, _, err := unix.Recvfrom(fd, data, 0)
		if err != nil || n < unix.NLMSG_HDRLEN+8 {
			return false
		}
		switch kind := native.Uint16(data[4:]); kind {
		case messageGet: // struct audit_status: mask, enabled, …
			return native.Uint32(data[unix.NLMSG_HDRLEN+4:]) == 0
		case unix.NLMSG_ERROR:
			return false
		}
	}
	return false
}

// ready waits for something to read at fd; false is that stop can be read, or
// that the time is over.
func ready(fd, stop int, wait time.Duration) bool {
	poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}, {Fd: int32(stop), Events: unix.POLLIN}} // a negative one is none
	for {
		n, err := unix.Poll(poll, int(wait.Milliseconds()))
		if !errors.Is(err, unix.EINTR) {
			return err == nil && n > 0 && poll[1].Revents == 0
		}
	}
}

// Follow reads the log until the descriptor stop can be read, and the records that come
// shortly after. It has to be read at once: who was refused something may soon
// be gone. In dir is who cannot be asked any more.
func (l *AuditLog) Follow(stop int, dir string) {
	l.dir, l.followed = dir, true
	go func() {
		defer close(l.done)
		for ready(l.fd, stop, -time.Millisecond) {
			l.receive()
		}
		for ready(l.fd, -1, 100*time.Millisecond) {
			l.receive()
		}
		unix.Close(l.fd)
	}()
}

// Close ends listening to a log that is not followed; following ends with its own stop.
func (l *AuditLog) Close() {
	if !l.followed {
		unix.Close(l.fd)
	}
}

// receive takes in a record.
func (l *AuditLog) receive() {
	var data [16 << 10]byte
	n, _, err := unix.Recvfrom(l.fd, data[:], 0)
	if err != nil || n < unix.NLMSG_HDRLEN {
		return // some were lost
	}
	m := heading().FindSubmatch(data[unix.NLMSG_HDRLEN:n])
	if m == nil {
		return
	}
	serial, text := string(m[1]), strings.TrimRight(string(m[2]), "\x00\n")
	switch kind := binary.NativeEndian.Uint16(data[4:]); kind {
	case recordAccess:
		l.access = append(l.access, record{serial: serial, text: text})
	case recordDomain:
		if pid, err := strconv.Atoi(field(text, "pid")); err == nil && field(text, "status") == "allocated" {
			l.domain[pid] = field(text, "domain")
		}
	case recordSyscall:
		for i := len(l.access) - 1; i >= 0 && l.access[i].serial == serial; i-- {
			l.access[i].call, l.access[i].by = text, l.caller(text)
		}
	}
}

var heading = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?s)^audit\(([^)]*)\): (.*)`)
})

// caller is the process of a system call.
func (l *AuditLog) caller(call string) Process {
	pid, _ := strconv.Atoi(field(call, "pid"))
	exe := field(call, "exe")
	if p := process(uint32(pid), Denial{}); p.Program == exe && p.Dir != "" {
		return p
	}
	p := Process{PID: pid, Program: exe, Dir: l.dir}
	if dir, err := os.Readlink("/proc/" + field(call, "ppid") + "/cwd"); err == nil {
		p.Dir = dir // most start programs where they are
	}
	return p
}

// Denials are those of Landlock in the domain that a process made for
// itself, as far as it is about files and ports, once the log is read.
func (l *AuditLog) Denials(pid int) []Denial {
	<-l.done
	var all []Denial
	for _, r := range l.access {
		if domain := l.domain[pid]; domain == "" || field(r.text, "domain") != domain {
			continue
		}
		if d, ok := denialOf(r.text); ok {
			d.By = r.by
			if exit, err := strconv.Atoi(field(r.call, "exit")); err == nil && exit < 0 {
				d.Errno = unix.ErrnoName(unix.Errno(-exit))
			}
			all = append(all, d)
		}
	}
	return all
}

// denialOf reads an access record: the first of its blockers names the access.
func denialOf(text string) (Denial, bool) {
	blocker, _, _ := strings.Cut(field(text, "blockers"), ",")
	if right, ok := strings.CutPrefix(blocker, "fs."); ok {
		return refusedFile(right, field(text, "path"))
	}
	right, _ := strings.CutPrefix(blocker, "net.")
	return refusedPort(right, field(text, "saddr")+":"+field(text, "src"), field(text, "daddr")+":"+field(text, "dest"))
}

// refusedFile is the denial of a right to a path.
func refusedFile(right, path string) (Denial, bool) {
	d := Denial{Path: path, Real: path, Count: 1, Confirmed: true, Errno: "EACCES", Access: "write", Kind: "directory"}
	switch right {
	case "execute":
		d.Access, d.Kind = "execute", "program"
	case "read_file":
		d.Access, d.Kind = "read", kind(path)
	case "read_dir":
		d.Access = "read"
	case "write_file", "truncate", "ioctl_dev":
		d.Kind = kind(path)
	case "resolve_unix":
		d.Access, d.Kind = "connect", "socket"
	case "refer":
		d.Errno = "EXDEV"
	case "change_topology":
		d.Errno = "EPERM"
	}
	// Every other access makes or removes an entry of the directory.
	return d, filepath.IsAbs(path)
}

// refusedPort is the denial of a right to a port; of scopes, nothing is made.
func refusedPort(right, from, to string) (Denial, bool) {
	d := Denial{Access: "connect", Kind: "port", Count: 1, Confirmed: true, Errno: "EACCES", Address: to}
	switch right {
	case "connect_tcp", "connect_send_udp":
	case "bind_tcp", "bind_udp":
		d.Access, d.Address = "listen", from
	default:
		return d, false
	}
	d.Protocol = right[len(right)-len("tcp"):]
	return d, true
}

// field is the value of name=value in a record. The kernel writes values with
// blanks or quotes in it in hexadecimal.
func field(text, name string) string {
	for word := range strings.FieldsSeq(text) {
		value, ok := strings.CutPrefix(word, name+"=")
		if !ok {
			continue
		}
		if quoted, ok := strings.CutPrefix(value, `"`); ok {
			return strings.TrimSuffix(quoted, `"`)
		}
		if name == "path" || name == "exe" {
			if decoded, err := hex.DecodeString(value); err == nil {
				return string(decoded)
			}
		}
		return value
	}
	return ""
}

// Confirm marks the denials that the kernel tells of, and returns them with those
// that it tells of besides.
func Confirm(denials, logged []Denial) []Denial {
	for _, l := range logged {
		found := l.Nested
		for i := range denials {
			if denials[i].is(l) {
				denials[i].Confirmed, found = true, true
			}
			found = found || denials[i].Access == "execute" && denials[i].Real == l.Real // as fold does
		}
		if !found {
			denials = append(denials, l)
		}
	}
	return sorted(denials)
}

// is reports whether a record is about a denial. Where an entry of a directory
// is made or removed, the record is about the directory.
func (d Denial) is(logged Denial) bool {
	if d.Kind == "port" || logged.Kind == "port" {
		return d.Access == logged.Access && port(d.Address) == port(logged.Address)
	}
	return d.Access == logged.Access && (d.Real == logged.Real || d.Access == "write" && filepath.Dir(d.Real) == logged.Real)
}

func port(address string) string { return address[strings.LastIndexByte(address, ':')+1:] }
