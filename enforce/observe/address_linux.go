package observe

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
)

// address is one of a network, or the name of an abstract UNIX socket; it has no
// text if a target is none.
type address struct {
	text     string // as for people: "192.0.2.1:443", "@name"
	port     uint16
	protocol string // TCP, UDPv6, …; empty for an abstract socket
	listen   bool
	sends    bool // at once
}

// addresses decodes a call with addresses.
func (n *notification) addresses(call string) ([]target, error) {
	fd, a := int32(n.args[0]), n.args
	switch call {
	case "connect", "bind":
		return n.addressed(fd, a[1], uint32(a[2]), address{listen: call == "bind"})
	case "sendto":
		if protocol, err := n.protocol(fd); strings.HasPrefix(protocol, "TCP") && a[3]&unix.MSG_FASTOPEN == 0 {
			return nil, err // it has one already
		}
		return n.addressed(fd, a[4], uint32(a[5]), address{sends: true})
	case "sendmsg":
		return n.messages(fd, a[1], 1, 0)
	case "sendmmsg":
		return n.messages(fd, a[1], min(a[2], 64), uint64(8*n.word())) // of struct mmsghdr
	case "socketcall":
		return n.socketcall()
	}
	return nil, nil
}

// messages decodes the addresses of struct msghdr, count of them.
func (n *notification) messages(fd int32, at, count, size uint64) (all []target, err error) {
	word := n.word()
	for i := range count {
		head := make([]byte, word+4)
		if _, err := memory(n.pid, at+i*size, head); err != nil {
			return nil, err
		}
		name := uint64(binary.NativeEndian.Uint32(head))
		if word == 8 {
			name = binary.NativeEndian.Uint64(head)
		}
		if name == 0 {
			continue
		}
		targets, err := n.addressed(fd, name, binary.NativeEndian.Uint32(head[word:]), address{sends: true})
		if err != nil {
			return nil, err
		}
		all = append(all, targets...)
	}
	return all, nil
}

// socketcall decodes the call by which old 32-bit programs make all others with
// sockets (net/socket.c).
func (n *notification) socketcall() ([]target, error) {
	call := map[uint64]string{2: "bind", 3: "connect", 11: "sendto", 16: "sendmsg", 20: "sendmmsg"}[n.args[0]]
	if call == "" {
		return nil, nil
	}
	var data [24]byte
	if _, err := memory(n.pid, n.args[1], data[:]); err != nil {
		return nil, err
	}
	inner := *n
	for i := range inner.args {
		inner.args[i] = uint64(binary.NativeEndian.Uint32(data[4*i:]))
	}
	return inner.addresses(call)
}

// addressed decodes a socket address.
func (n *notification) addressed(fd int32, at uint64, length uint32, a address) ([]target, error) {
	data := make([]byte, min(length, 110))
	if len(data) < 3 || at == 0 {
		return nil, nil
	}
	if _, err := memory(n.pid, at, data); err != nil {
		return nil, err
	}
	switch family := binary.NativeEndian.Uint16(data); {
	case family == unix.AF_INET && len(data) >= 8:
		return n.inet(fd, data[2:4], data[4:8], a)
	case family == unix.AF_INET6 && len(data) >= 24:
		return n.inet(fd, data[2:4], data[8:24], a)
	case family == unix.AF_UNIX && data[2] == 0:
		a.text = "@" + string(data[3:])
		return []target{{address: a, errno: unix.EPERM}}, nil
	case family == unix.AF_UNIX:
		path, _, _ := bytes.Cut(data[2:], []byte{0})
		if a.listen {
			return made(string(path), unix.AT_FDCWD, false), nil
		}
		return []target{plain(string(path), unix.AT_FDCWD, enforce.Connect, socket)}, nil
	}
	return nil, nil
}

func (n *notification) inet(fd int32, port, ip []byte, a address) ([]target, error) {
	var err error
	if a.protocol, err = n.protocol(fd); a.protocol == "" {
		return nil, err
	}
	a.port = binary.BigEndian.Uint16(port)
	host, _ := netip.AddrFromSlice(ip) // of a length that is one
	a.text = netip.AddrPortFrom(host, a.port).String()
	return []target{{address: a, errno: unix.EACCES}}, nil
}

// protocol is that of a socket, empty for other descriptors.
func (n *notification) protocol(fd int32) (string, error) {
	var name [32]byte
	size, err := unix.Getxattr(view{pid: n.pid}.descriptor(fd), "system.sockprotoname", name[:])
	switch err {
	case nil:
		text, _, _ := strings.Cut(string(name[:size]), "\x00")
		return text, nil
	case unix.EACCES, unix.EPERM:
		return "", errHidden
	}
	return "", nil
}

// abstract reports whether somebody listens at an abstract UNIX socket.
func abstract(pid uint32, name string) bool {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/unix", pid))
	name = " @" + strings.ReplaceAll(name[1:], "\x00", "@")
	return err == nil && bytes.Contains(append(data, '\n'), []byte(name+"\n"))
}
