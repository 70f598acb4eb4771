package observe

import (
	"cmp"
	"slices"

	"github.com/nix-purity/purity/enforce"
)

// Denial is a denied access, or one that with a policy that is not enforced would have
// been: one path or port, and one way of using it.
type Denial struct {
	// Path as the process named it, made absolute; Real without symbolic links.
	// Both are empty for a port.
	Path string `json:"path,omitempty"`
	Real string `json:"realPath,omitempty"`
	// Address is the address to connect to, or to listen at: "192.0.2.1:443",
	// "@name" of an abstract UNIX socket; or "inet" or "unix" where there could not
	// even be such a socket.
	Address string `json:"address,omitempty"`
	// Protocol is that of the socket, where it is known and of a network: tcp, udp.
	Protocol string `json:"protocol,omitempty"`
	// Refused is a system call that the filter denies, with the telling argument: "keyctl",
	// "socket AF_VSOCK". It has neither path nor address.
	Refused string `json:"refused,omitempty"`
	Opens   string `json:"opens,omitempty"` // the line of purity.toml that lets it be, empty if none does
	Reason  string `json:"-"`               // why it is refused
	Access  string `json:"access"`          // read, write, execute, connect, listen, call
	Kind    string `json:"kind"`            // program, library, header, data, directory, socket, port, call
	Call    string `json:"call"`            // the system call
	Errno   string `json:"errno"`           // its answer, or the one it would give: EACCES, EXDEV, EPERM
	// Entry says that it was about Real as an entry of its directory, which is
	// the path to grant: it was to be made, removed or renamed.
	Entry bool `json:"entry,omitempty"`
	// Script is the script whose #! line named Path, or the program whose ELF
	// header did.
	Script string  `json:"script,omitempty"`
	Count  int     `json:"count"`
	By     Process `json:"by"` // who did it first
	// Follow is how many denials are of a program that is outside itself: its
	// libraries and data are no causes of their own. Followers are these.
	Follow    int      `json:"follow,omitempty"`
	Followers []Denial `json:"-"`
	// Confirmed says that the kernel tells of it, in its audit log or by a
	// tracepoint. Any other verdict is a prediction of the kernel's
	// answer.
	Confirmed bool `json:"confirmed,omitempty"`
	// Nested marks a denial by a Landlock domain that the command made itself, whose policy is
	// another: it confirms and is nothing that was found.
	Nested bool `json:"-"`
}

// Process is who did something.
type Process struct {
	PID     int      `json:"pid"`
	Program string   `json:"program"` // its file
	Args    []string `json:"args,omitempty"`
	Dir     string   `json:"dir"`
	Parent  string   `json:"parent,omitempty"` // the program of its parent
	Environ []string `json:"-"`
	// Starter is the program of the nearest process above that runs another one.
	Starter     string   `json:"-"`
	StarterArgs []string `json:"-"`
	// Above are the processes that it descends from, the nearest first.
	Above []Ancestor `json:"-"`
}

// Ancestor is a process that another one descends from.
type Ancestor struct {
	Program string // its file
	Args    []string
}

// sorted are denials with programs first, then by path.
func sorted(denials []Denial) []Denial {
	slices.SortStableFunc(denials, func(a, b Denial) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Address, b.Address), cmp.Compare(a.Refused, b.Refused), cmp.Compare(a.Access, b.Access))
	})
	return denials
}

func rank(d Denial) int {
	return slices.Index([]string{"program", "library", "header", "data", "directory", "socket", "port", "call"}, d.Kind)
}

// word is the name of an access.
func word(a enforce.Access) string {
	switch {
	case a&enforce.Execute != 0:
		return "execute"
	case a&enforce.Write != 0:
		return "write"
	case a&enforce.Connect != 0:
		return "connect"
	}
	return "read"
}
