package selftest

import (
	"fmt"

	"github.com/nix-purity/purity/enforce/host"
)

// Vector is one way past a confinement.
type Vector struct {
	ID, What string
	Group    string
	// ABI is the version of Landlock that stops it, 0 for none.
	ABI int
	// By is the guard besides that stops it.
	By Means
	// Design says why it is open where nothing stops it, empty if it should
	// not be.
	Design string
	// Root vectors are tried as root only: a user could not anyway.
	Root bool
	// Layered vectors are tried in a view alone, on a project that it shows as an overlay.
	Layered bool

	attack func(*World) error // nil: it worked
	twin   func(*World) error // nil: none needed
	// reached is nil where the attack, when all is over, is found to have worked outside;
	// without it the result of attack counts.
	reached func(*World) error
}

// Means are the guards besides Landlock.
type Means uint16

const (
	Filter       Means = 1 << iota // the system call filter
	Descriptors                    // closed descriptors
	Capabilities                   // dropped capabilities
	NoNetwork                      // a policy without network
	NoSockets                      // a policy without UNIX sockets
	NoTerminals                    // a policy without new terminals
	NoSysV                         // a policy without System V IPC
	NoShared                       // a policy without /tmp and /dev/shm
	NoQueues                       // a policy without /dev/mqueue, or a machine
	NoPrivileges                   // no_new_privs
	View                           // a view
)

// Status is the outcome of a vector.
type Status string

const (
	Stopped Status = "stopped"
	Design  Status = "by design"
	Open    Status = "open"
)

// Circumstances are all that the outcome depends on.
type Circumstances struct {
	ABI     int
	Root    bool
	Network bool // the policy has one
	Unix    bool // it has UNIX sockets
	// Terminals says that the policy lets new terminals be made.
	Terminals bool
	SysV      bool // it has System V IPC
	Shared    bool // it has /tmp and /dev/shm
	Queues    bool // it has /dev/mqueue, and so has the machine
	View      bool // the attacker is in one
}

// Expected is the expected outcome of v.
func (v Vector) Expected(c Circumstances) Status {
	switch {
	case v.ABI > 0 && c.ABI >= v.ABI,
		v.By&(Filter|Descriptors|NoPrivileges) != 0,
		v.By&View != 0 && c.View,
		v.By&Capabilities != 0 && c.Root,
		v.By&NoTerminals != 0 && !c.Terminals,
		v.By&NoSysV != 0 && !c.SysV,
		v.By&NoShared != 0 && !c.Shared,
		v.By&NoQueues != 0 && !c.Queues,
		v.By&NoNetwork != 0 && !c.Network,
		v.By&NoSockets != 0 && !c.Unix:
		return Stopped
	case v.Design != "":
		return Design
	}
	return Open
}

// kernels are the Linux versions that brought Landlock's (enforce.Features).
var kernels = map[int]string{1: "5.13", 2: "5.19", 3: "6.2", 4: "6.7", 5: "6.10", 6: "6.12", 9: "7.1", 10: "7.2"}

// Remedy names the guard that stops v where it is open, or why nothing does.
func (v Vector) Remedy(c Circumstances) string {
	switch {
	case v.Design != "" && v.By&View != 0:
		return v.Design + "; a view hides it"
	case v.Design != "":
		return v.Design
	case v.ABI > 0 && v.By&NoSockets != 0:
		return fmt.Sprintf(`stopped from Linux %s on, with sockets = "none", or in a view`, kernels[v.ABI])
	case v.ABI > 0:
		return fmt.Sprintf("stopped from Linux %s on", kernels[v.ABI])
	}
	return "stopped by nothing"
}

// Vectors are all that are tried, by group.
func Vectors() []Vector {
	var all []Vector
	for _, g := range groups() {
		for _, v := range g.vectors {
			v.Group = g.name
			all = append(all, v)
		}
	}
	return all
}

type group struct {
	name    string
	vectors []Vector
}

// Variant is a policy to attack: that of a level, as users get it.
type Variant struct {
	Name                     string
	Level                    string
	Network, Unix, Terminals bool
	SysV, Shared             bool
	View                     bool
}

// Variants are the policies that are attacked: the default one, the narrowest, both by
// Landlock alone, and the default one with a view.
func Variants() []Variant { return []Variant{variantOf("dev"), variantOf("nix"), viewOf("dev")} }

func variantOf(name string) Variant {
	level, _ := host.FindLevel(name)
	return Variant{Name: name, Level: name, Network: level.Network, Unix: level.Sockets, Terminals: level.Terminals(), SysV: level.SysVIPC, Shared: level.Shares()}
}

func viewOf(name string) Variant {
	v := variantOf(name)
	v.Name, v.View = "view", true
	return v
}

// Tries reports whether a vector is tried with v by root, or by a user.
func (v Variant) Tries(vector Vector, root bool) bool {
	return (root || !vector.Root) && (v.View || !vector.Layered)
}

// On is the circumstances of v on a kernel.
func (v Variant) On(abi int, root bool) Circumstances {
	return Circumstances{ABI: abi, Root: root, Network: v.Network, Unix: v.Unix, Terminals: v.Terminals, SysV: v.SysV, Shared: v.Shared, Queues: v.Shared, View: v.View}
}
