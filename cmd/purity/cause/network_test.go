package cause

import (
	"testing"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/enforce/observe"
)

// A hint about networks opens the denied use, and keeps those that were allowed
// before.
func TestNetwork(t *testing.T) {
	ports, none := config.Network{Connect: []uint16{443}, Bind: []uint16{80}}, config.Network{}
	for _, tt := range []struct {
		network                         config.Network
		call, access, address, protocol string
		want                            string
	}{
		{ports, "connect", "connect", "192.0.2.1:9", "tcp", "if it has to be:  --network connect=443,connect=9,bind=80"},
		{ports, "sendto", "connect", "[::1]:9", "udp", "if it has to be:  --network connect=443,connect=9,bind=80,udp"},
		{ports, "sendto", "connect", "192.0.2.1:443", "udp", "if it has to be:  --network connect=443,bind=80,udp"},
		{ports, "bind", "listen", "0.0.0.0:9", "udp", "if it has to be:  --network connect=443,bind=80,bind=9,udp"},
		{ports, "", "connect", "*:9", "", "if it has to be:  --network connect=443,connect=9,bind=80"},
		{ports, "bind", "listen", "127.0.0.1:0", "tcp", "if it has to be, to listen at a port that the kernel chooses:  --network connect=443,bind=80,bind=0; to connect to it, too:  --network true, or --view --network false, with a loopback of its own"},
		{ports, "bind", "listen", "127.0.0.1:0", "mptcp", "if it has to be:  --network true"},
		{ports, "connect", "connect", "192.0.2.1:9", "mptcp", "if it has to be:  --network true"},
		{ports, "socket", "connect", "inet", "udp", "if it has to be:  --network connect=443,bind=80,udp"},
		{none, "socket", "connect", "inet", "udp", "if it has to be, the ports that purity audit finds, or all:  --network true"},
		{none, "socket", "connect", "inet", "tcp", "if it has to be, the ports that purity audit finds, or all:  --network true"},
		{ports, "socket", "connect", "inet", "", "if it has to be:  --network true"},
	} {
		f := finder{Run: Run{Network: tt.network}}
		d := observe.Denial{Kind: "port", Call: tt.call, Access: tt.access, Address: tt.address, Protocol: tt.protocol}
		_, got := f.network(d)
		if got != tt.want {
			t.Errorf("%s %s %s: %s, want %s", tt.call, tt.address, tt.protocol, got, tt.want)
		}
	}
	for protocol, want := range map[string]string{"udp": "a UDP socket, which the policy does not open", "": "a socket, which the policy does not open"} {
		if why, _ := (&finder{}).network(observe.Denial{Kind: "port", Call: "socket", Address: "inet", Protocol: protocol}); why != want {
			t.Errorf("%q: %s", protocol, why)
		}
	}
}
