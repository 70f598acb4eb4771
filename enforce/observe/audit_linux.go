package observe

import (
	"encoding/hex"
	"errors"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Types of audit records, of linux/audit.h.
const (
	recordSyscall = 1300
	recordAccess  = 1423 // Landlock refused something; from Linux 6.15
	recordDomain  = 1424 // a Landlock domain came or went
)

// AuditLog is where the kernel tells what Landlock refused.
type AuditLog struct {
	fd      int
	records []record
}

// record is one line of the log; lines of one event share a serial number.
type record struct {
	kind         int
	serial, text string
}

// OpenAuditLog listens to the kernel's audit log, which takes CAP_AUDIT_READ.
// Whether there is anything to hear is the machine's setting: it is system-wide,
// so it is left as it is. The error says why there is no listening.
func OpenAuditLog() (*AuditLog, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_AUDIT)
	if err != nil {
		return nil, err
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: 1}); err != nil { // AUDIT_NLGRP_READLOG
		unix.Close(fd)
		return nil, err
	}
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 16<<20) // what does not fit is lost, and is not confirmed
	return &AuditLog{fd: fd}, nil
}

// Close ends listening.
func (l *AuditLog) Close() { unix.Close(l.fd) }

// receive takes in what has come, and waits this long for more.
func (l *AuditLog) receive(wait time.Duration) {
	data := make([]byte, 16<<10)
	for {
		poll := []unix.PollFd{{Fd: int32(l.fd), Events: unix.POLLIN}}
		if n, err := unix.Poll(poll, int(wait.Milliseconds())); n == 0 || err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
		n, _, err := unix.Recvfrom(l.fd, data, 0)
		if err != nil || n < unix.NLMSG_HDRLEN {
			continue // some were lost
		}
		kind := int(data[4]) | int(data[5])<<8
		switch kind {
		case recordSyscall, recordAccess, recordDomain:
			if m := heading.FindSubmatch(data[unix.NLMSG_HDRLEN:n]); m != nil {
				l.records = append(l.records, record{kind, string(m[1]), strings.TrimRight(string(m[2]), "\x00\n")})
			}
		}
	}
}

var heading = regexp.MustCompile(`(?s)^audit\(([^)]*)\): (.*)`)

// Denials are what Landlock refused in the domain that a process made for
// itself, as far as it is about files and ports.
func (l *AuditLog) Denials(pid int) []Denial {
	l.receive(100 * time.Millisecond)
	var domain string
	callers := map[string]string{}
	for _, r := range l.records {
		switch {
		case r.kind == recordDomain && field(r.text, "status") == "allocated" && field(r.text, "pid") == strconv.Itoa(pid):
			domain = field(r.text, "domain")
		case r.kind == recordSyscall:
			callers[r.serial] = r.text
		}
	}
	var all []Denial
	for _, r := range l.records {
		if r.kind != recordAccess || domain == "" || field(r.text, "domain") != domain {
			continue
		}
		if d, ok := denialOf(r.text); ok {
			caller := callers[r.serial]
			d.By.PID, _ = strconv.Atoi(field(caller, "pid"))
			d.By.Program = field(caller, "exe")
			all = append(all, d)
		}
	}
	return all
}

// denialOf reads an access record: the first of its blockers says what for.
func denialOf(text string) (Denial, bool) {
	blocker, _, _ := strings.Cut(field(text, "blockers"), ",")
	path := field(text, "path")
	d := Denial{Path: path, Real: path, Count: 1, Confirmed: true}
	switch blocker {
	case "fs.execute":
		d.Access, d.Kind = "execute", "program"
	case "fs.read_file":
		d.Access, d.Kind = "read", "data"
	case "fs.read_dir":
		d.Access, d.Kind = "read", "directory"
	case "fs.resolve_unix":
		d.Access, d.Kind = "connect", "socket"
	case "net.connect_tcp", "net.bind_tcp", "net.connect_send_udp", "net.bind_udp":
		d = Denial{Access: "connect", Kind: "port", Count: 1, Confirmed: true, Address: field(text, "daddr") + ":" + field(text, "dest")}
		if strings.HasPrefix(blocker, "net.bind") {
			d.Access, d.Address = "listen", field(text, "saddr")+":"+field(text, "src")
		}
		return d, true
	default:
		if !strings.HasPrefix(blocker, "fs.") {
			return Denial{}, false // a scope
		}
		d.Access, d.Kind = "write", "data"
	}
	return d, filepath.IsAbs(path)
}

// field is the value of name=value in a record. The kernel writes what has
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

// Confirm marks the denials that the log has, and returns them with those that
// it has besides.
func Confirm(denials, logged []Denial) []Denial {
	for _, l := range logged {
		found := false
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
