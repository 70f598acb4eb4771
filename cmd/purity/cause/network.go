package cause

import (
	"slices"
	"strconv"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/enforce/observe"
)

// network names the denied use of a network, and the key that opens it.
func (f *finder) network(d observe.Denial) (why, hint string) {
	switch {
	case d.Call == "socket" && d.Kind == "socket":
		return "a UNIX socket, while there are to be none", `if it has to be, take sockets = "none" out of purity.toml, or --sockets none away`
	case d.Call == "socket":
		return "a " + strings.TrimPrefix(strings.ToUpper(d.Protocol)+" socket", " ") + ", which the policy does not open", f.openSocket(d.Protocol)
	case d.Kind == "socket":
		return "a socket of a process outside, which has no path that a policy could open", ""
	}
	return "a network that the policy does not open", f.openPort(d)
}

// allOf is a network without limits.
var allOf = flag(config.Network{Any: true})

func flag(n config.Network) string {
	text, _ := n.MarshalText() // it never fails
	return "--network " + string(text)
}

// openSocket lets there be sockets, whose purpose is not known yet.
func (f *finder) openSocket(protocol string) string {
	n := f.Network
	if n.UDP = true; protocol == "udp" && len(n.Connect)+len(n.Bind) > 0 {
		return "if it has to be:  " + flag(n)
	}
	if protocol == "" { // no list of ports lets it be
		return "if it has to be:  " + allOf
	}
	return "if it has to be, the ports that purity audit finds, or all:  " + allOf
}

func tcpOrUDP(protocol string) bool { return protocol == "tcp" || protocol == "udp" }

// openPort lets the policy have a port besides those that it has.
func (f *finder) openPort(d observe.Denial) string {
	port, err := strconv.ParseUint(d.Address[strings.LastIndexByte(d.Address, ':')+1:], 10, 16)
	switch {
	case err != nil:
		return ""
	case port == 0 && d.Access == "listen" && d.Protocol != "" && tcpOrUDP(d.Protocol):
		n := f.Network
		n.Bind, n.UDP = append(slices.Clone(n.Bind), 0), n.UDP || d.Protocol == "udp"
		return "if it has to be, to listen at a port that the kernel chooses:  " + flag(n) + "; to connect to it, too:  " + allOf + ", or --view --network false, with a loopback of its own"
	case port == 0, d.Protocol != "" && !tcpOrUDP(d.Protocol): // which no list can have
		return "if it has to be:  " + allOf
	}
	n := f.Network
	list := &n.Connect
	if d.Access == "listen" {
		list = &n.Bind
	}
	if !slices.Contains(*list, uint16(port)) {
		*list = append(slices.Clone(*list), uint16(port))
	}
	n.UDP = n.UDP || d.Protocol == "udp"
	return "if it has to be:  " + flag(n)
}
