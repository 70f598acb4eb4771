package enforce

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

func TestAccessString(t *testing.T) {
	for a, want := range map[Access]string{0: "-----", Read: "r----", Read | Execute: "r-x--", Read | Write | Ioctl: "rw-i-", All: "rwx-c"} {
		if got := a.String(); got != want {
			t.Errorf("%d is %q, want %q", a, got, want)
		}
	}
}

func TestHash(t *testing.T) {
	a, b := Grant{Path: "/a", Access: Read, Reason: "x"}, Grant{Path: "/b", Access: Read}
	same := []Policy{
		{Grants: []Grant{a, b}},
		{Grants: []Grant{b, a, a}},
		{Grants: []Grant{{Path: "/a", Access: Read, Reason: "another"}, b, {Path: "/tmp/1", PerRun: true}}},
	}
	others := []Policy{{}, {Grants: []Grant{a, b}, NoFilter: true}, {Grants: []Grant{a, b}, Network: Network{Any: true}}, {Grants: []Grant{a}}, {Grants: []Grant{{Path: "/a", Access: Read | Write}, b}}, {Grants: []Grant{{Path: "/a\x00"}, b}}}
	for i, p := range same {
		if p.Hash() != same[0].Hash() {
			t.Errorf("policy %d has another hash", i)
		}
	}
	for i, p := range others {
		if p.Hash() == same[0].Hash() {
			t.Errorf("other policy %d has the same hash", i)
		}
	}
}

// The parts of a policy that each ABI enforces, and its gaps; never less than the one before.
func TestDowngrade(t *testing.T) {
	const fs3, fs5, fs9 = ll.AccessFSTruncate<<1 - 1, ll.AccessFSIoctlDev<<1 - 1, ll.AccessFSResolveUnix<<1 - 1
	const tcp, udp = ll.AccessNetBindTCP | ll.AccessNetConnectTCP, ll.AccessNetBindUDP | ll.AccessNetConnectSendUDP
	open := Policy{Network: Network{Any: true}, UnixSockets: true}
	none := Policy{UnixSockets: true}
	byPort := Policy{Network: Network{Connect: []uint16{443}}, UnixSockets: true}
	byPortUDP := Policy{Network: Network{Connect: []uint16{443}, UDP: true}, UnixSockets: true}
	unfiltered := Policy{NoFilter: true}
	for _, tt := range []struct {
		name        string
		policy      Policy
		abi         int
		fs          uint64
		net         uint64
		scoped      bool
		gaps, fatal string // the ABIs of the gaps
	}{
		{"open", open, 1, ll.AccessFSMakeSym<<1 - 1, 0, false, "2 3 5 6 9", "2 3"},
		{"open", open, 2, ll.AccessFSRefer<<1 - 1, 0, false, "3 5 6 9", "3"},
		{"open", open, 3, fs3, 0, false, "5 6 9", ""},
		{"open", open, 4, fs3, 0, false, "5 6 9", ""},
		{"open", open, 5, fs5, 0, false, "6 9", ""},
		{"open", open, 6, fs5, 0, true, "9", ""},
		{"open", open, 7, fs5, 0, true, "9", ""},
		{"open", open, 8, fs5, 0, true, "9", ""},
		{"open", open, 9, fs9, 0, true, "", ""},
		{"open", open, 10, fs9, 0, true, "", ""},
		{"open", open, 11, fs9, 0, true, "", ""},
		{"open", open, 99, fs9, 0, true, "", ""},
		{"none", none, 3, fs3, 0, false, "5 6 9", ""}, // the filter refuses all of it
		{"none", none, 4, fs3, tcp, false, "5 6 9", ""},
		{"none", none, 10, fs9, tcp | udp, true, "", ""},
		{"by port", byPort, 3, fs3, 0, false, "4 5 6 9", "4"},
		{"by port", byPort, 6, fs5, tcp, true, "9", ""},
		{"by port", byPort, 10, fs9, tcp | udp, true, "", ""},
		{"by port with UDP", byPortUDP, 6, fs5, tcp, true, "9 10", ""},
		{"by port with UDP", byPortUDP, 10, fs9, tcp | udp, true, "", ""},
		{"no sockets, no filter", unfiltered, 3, fs3, 0, false, "4 5 6 9 10", "4 9 10"},
		{"no sockets, no filter", unfiltered, 9, fs9, tcp, true, "10", "10"},
		{"no UNIX sockets", Policy{}, 6, fs5, tcp, true, "", ""},
		{"content with little", Policy{Network: Network{Any: true}, UnixSockets: true, MinABI: 1}, 1, ll.AccessFSMakeSym<<1 - 1, 0, false, "2 3 5 6 9", ""},
		{"content with much only", Policy{Network: Network{Any: true}, UnixSockets: true, MinABI: 9}, 6, fs5, 0, true, "9", "9"},
	} {
		attr, gaps := tt.policy.downgrade(tt.abi)
		if attr.HandledAccessFS != tt.fs || attr.HandledAccessNet != tt.net || (attr.Scoped != 0) != tt.scoped {
			t.Errorf("%s, ABI %d: handles files %#x, ports %#x, scopes %#x; want %#x, %#x, %v", tt.name, tt.abi, attr.HandledAccessFS, attr.HandledAccessNet, attr.Scoped, tt.fs, tt.net, tt.scoped)
		}
		var all, fatal []string
		for _, g := range gaps {
			for _, f := range features {
				if f.meaning == g.Meaning {
					all = append(all, fmt.Sprint(f.abi))
					if g.Fatal {
						fatal = append(fatal, fmt.Sprint(f.abi))
					}
				}
			}
		}
		if strings.Join(all, " ") != tt.gaps || strings.Join(fatal, " ") != tt.fatal {
			t.Errorf("%s, ABI %d: gaps %v, of them fatal %v; want %q and %q", tt.name, tt.abi, all, fatal, tt.gaps, tt.fatal)
		}
		_, err := tt.policy.Gaps(Kernel{ABI: tt.abi})
		if (err != nil) != (tt.fatal != "") {
			t.Errorf("%s, ABI %d: %v", tt.name, tt.abi, err)
		}
		tt.policy.BestEffort = true
		if _, err := tt.policy.Gaps(Kernel{ABI: tt.abi}); err != nil {
			t.Errorf("%s, ABI %d, best effort: %v", tt.name, tt.abi, err)
		}
	}
	if r := rights(All | Ioctl); r&(ll.AccessFSMakeChar|ll.AccessFSMakeBlock) != 0 {
		t.Error("device nodes can be made")
	}
}

// A gap is an error that names it, unless the policy accepts it.
func TestGaps(t *testing.T) {
	filter := errors.New("no filters")
	for _, tt := range []struct {
		name   string
		policy Policy
		kernel Kernel
		want   string // error, empty for none
	}{
		{"recent", Policy{}, Kernel{ABI: 11}, ""},
		{"ABI 2", Policy{}, Kernel{ABI: 2}, "confine: this kernel (Landlock ABI 2) cannot deny truncating files; that takes Linux 6.2"},
		{"ABI 2, best effort", Policy{BestEffort: true}, Kernel{ABI: 2}, ""},
		{"ABI 2, content with it", Policy{MinABI: 2}, Kernel{ABI: 2}, ""},
		{"ABI 2, unenforced", Policy{AllowUnenforced: true}, Kernel{ABI: 2}, "confine: this kernel (Landlock ABI 2) cannot deny truncating files; that takes Linux 6.2"},
		{"none", Policy{BestEffort: true}, Kernel{Err: ErrNoLandlock}, ErrNoLandlock.Error()},
		{"none, unenforced", Policy{AllowUnenforced: true}, Kernel{Err: ErrNoLandlock}, ""},
		{"no filter", Policy{}, Kernel{ABI: 11, Filter: filter}, "confine: this kernel (Landlock ABI 11) cannot deny system calls (no filters)"},
		{"no filter, best effort", Policy{BestEffort: true}, Kernel{ABI: 11, Filter: filter}, ""},
		{"no filter wanted", Policy{NoFilter: true}, Kernel{ABI: 11, Filter: filter}, ""},
	} {
		_, err := tt.policy.Gaps(tt.kernel)
		if got := fmt.Sprint(err); err != nil && got != tt.want || err == nil && tt.want != "" {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestJobserver(t *testing.T) {
	for flags, want := range map[string][]int{
		"":                              nil,
		" -j2 --jobserver-auth=3,4":     {3, 4},
		"-j --jobserver-fds=5,6 -- A=b": {5, 6},
		"--jobserver-auth=fifo:/tmp/x":  nil,
		"--jobserver-auth=-2,-2":        nil,
		"--jobserver-auth=3":            nil,
		"--jobserver-auth=3,4 --jobserver-auth=7,8": {7, 8},
	} {
		if diff := cmp.Diff(want, Jobserver(flags)); diff != "" {
			t.Errorf("%q: %s", flags, diff)
		}
	}
	for flags, want := range map[string]string{
		"": "", "--jobserver-auth=3,4": "", "--jobserver-auth=fifo:/etc/shadow": "", "--jobserver-auth=fifo:GMfifo1": "",
		" -j4 --jobserver-auth=fifo:/tmp/GMfifo17": "/tmp/GMfifo17", "--jobserver-auth=fifo:/tmp/GMfifo17 --jobserver-auth=3,4": "",
	} {
		if got := JobserverPipe(flags); got != want {
			t.Errorf("%q: %q, want %q", flags, got, want)
		}
	}
}
