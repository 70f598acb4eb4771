package selftest

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

const networkDesign = "the policy has a network; --network says otherwise"

func inet(family, kind, protocol int) error {
	fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return nil
}

// connect connects with TCP, or the like, to a port of this machine.
func connect(protocol, port int) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Connect(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}})
}

// family is a vector of sockets of one kind that no build needs.
func family(id, what string, family, kind, protocol int, root bool) Vector {
	return Vector{ID: "network." + id, What: what, By: Filter, Root: root,
		attack: func(*World) error { return inet(family, kind, protocol) },
		twin:   func(*World) error { return inet(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE) }}
}

func pairTwin(*World) error {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.Close(pair[0])
		unix.Close(pair[1])
	}
	return err
}

func networkVectors() []Vector {
	return []Vector{
		{ID: "network.tcp", What: "connect with TCP", By: NoNetwork, Design: networkDesign, twin: pairTwin,
			attack: func(w *World) error { return connect(0, w.TCP) }},
		{ID: "network.tcp-listen", What: "listen with TCP", By: NoNetwork, Design: networkDesign, twin: pairTwin,
			attack: func(*World) error {
				l, err := net.Listen("tcp4", "127.0.0.1:0")
				if err == nil {
					l.Close()
				}
				return err
			}},
		{ID: "network.udp", What: "send with UDP", By: NoNetwork, Design: networkDesign, twin: pairTwin,
			attack: func(w *World) error { return dial("udp4", "127.0.0.1:"+itoa(w.UDP)) }},
		{ID: "network.mptcp", What: "connect with MPTCP", By: Filter, twin: pairTwin,
			attack: func(w *World) error { return connect(unix.IPPROTO_MPTCP, w.TCP) }},
		{ID: "network.ping", What: "open a socket for pings", By: NoNetwork, Design: networkDesign, twin: pairTwin,
			attack: func(*World) error { return inet(unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_ICMP) }},
		{ID: "network.raw", What: "open a raw socket", By: NoNetwork | Capabilities, Root: true, twin: pairTwin,
			attack: func(*World) error { return inet(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP) }},
		family("packet", "open a packet socket", unix.AF_PACKET, unix.SOCK_RAW, 0, true),
		family("vsock", "open a socket to the hypervisor", unix.AF_VSOCK, unix.SOCK_STREAM, 0, false),
		family("audit", "talk to the kernel's audit", unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_AUDIT, false),
		family("diag", "ask for the machine's sockets", unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_SOCK_DIAG, false),
		family("uevent", "listen for devices", unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_KOBJECT_UEVENT, false),
		family("generic", "talk to kernel subsystems", unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_GENERIC, false),
		family("crypto", "use the kernel's cryptography", unix.AF_ALG, unix.SOCK_SEQPACKET, 0, false),
		family("bluetooth", "open a Bluetooth socket", unix.AF_BLUETOOTH, unix.SOCK_RAW, 1, false),
		family("can", "open a CAN socket", unix.AF_CAN, unix.SOCK_RAW, 1, false),
		family("smc", "open an SMC socket", unix.AF_SMC, unix.SOCK_STREAM, 0, false),
		family("tipc", "open a TIPC socket", unix.AF_TIPC, unix.SOCK_STREAM, 0, false),
		family("rds", "open an RDS socket", unix.AF_RDS, unix.SOCK_SEQPACKET, 0, false),
		family("xdp", "open an XDP socket", unix.AF_XDP, unix.SOCK_RAW, 0, true),
		{ID: "network.routes", What: "ask for the machine's interfaces and routes", Design: "programs ask so for their own addresses (getifaddrs)",
			attack: func(*World) error { _, err := syscall.NetlinkRIB(syscall.RTM_GETROUTE, unix.AF_UNSPEC); return err }},
		{ID: "network.interfaces", What: "change a network interface", By: Capabilities, Root: true,
			attack: func(*World) error {
				fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE)
				if err != nil {
					return err
				}
				defer unix.Close(fd)
				return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 1<<16) // asks for the same capability
			},
			twin: func(*World) error { return inet(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE) }},
	}
}
