package host

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/nix-purity/purity/enforce"
)

// Level is a named starting point of policies.
type Level struct {
	Name    string
	Summary string
	// Programs of the host are those that Shell grants.
	Programs []string
	// Network is whether the level has one, and Sockets whether UNIX sockets can be
	// made; pairs always can.
	Network, Sockets bool
	// SysVIPC is whether System V shared memory, semaphores and queues can be used.
	SysVIPC bool
	// Home and Environment say whether the level gives the command a HOME,
	// and variables of the calling environment besides those of the terminal.
	Home, Environment bool
	// Hides says whether the command sees nothing else in a view, if the kernel can make one.
	Hides bool
	// Wider levels open more than the default one.
	Wider bool
	rows  []row
	all   bool // the rest of the host can be read, too
}

// Levels are all that there are; the default is named dev.
var Levels = []Level{
	{
		Name: "nix", Summary: "like Nix's build sandbox: no network, no HOME, no host data; and no UNIX sockets",
		Programs: hostPrograms[:1], Hides: true,
		rows: nixRows,
	},
	{
		Name: "dev", Summary: "the closure, the project, and the host's data (not its programs)",
		Programs: hostPrograms, Network: true, Sockets: true, SysVIPC: true, Home: true, Environment: true,
		rows: devRows,
	},
	{
		Name: "open", Summary: "for getting started: everything is readable, only the closure is executable",
		Programs: hostPrograms, Network: true, Sockets: true, SysVIPC: true, Home: true, Environment: true, Wider: true,
		rows: devRows, all: true,
	},
}

// DefaultLevel is the level of a policy that names none.
const DefaultLevel = "dev"

// FindLevel returns a level by name.
func FindLevel(name string) (Level, bool) {
	for _, l := range Levels {
		if l.Name == name {
			return l, true
		}
	}
	return Level{}, false
}

// Policy holds the limits of l, without its grants.
func (l Level) Policy() enforce.Policy {
	return enforce.Policy{Network: enforce.Network{Any: l.Network}, UnixSockets: l.Sockets, SysVIPC: l.SysVIPC}
}

// Terminals reports whether l lets new terminals be made.
func (l Level) Terminals() bool {
	return slices.ContainsFunc(l.rows, func(r row) bool { return r.path == "/dev/pts" })
}

// Shares reports whether l lets the directories in [Shared] be used.
func (l Level) Shares() bool {
	return slices.ContainsFunc(l.rows, func(r row) bool { return slices.Contains(Shared, r.path) })
}

// Grants are the rows of l. Rows of missing paths are left out when
// they are enforced.
func (l Level) Grants() ([]enforce.Grant, error) {
	grants := make([]enforce.Grant, 0, len(l.rows))
	for _, r := range l.rows {
		g := r.grant("base: ")
		g.Replaced = g.Replaced || slices.Contains(Shared, r.path)
		grants = append(grants, g)
	}
	if !l.all {
		return grants, nil
	}
	// Each directory for itself: the root stays closed, by which a process
	// knows that it is confined.
	entries, err := os.ReadDir("/")
	if err != nil {
		return nil, fmt.Errorf("grant the host for reading: %w", err)
	}
	for _, e := range entries {
		switch e.Name() {
		case "dev", "proc": // root could read disks
		default:
			grants = append(grants, enforce.Grant{Path: filepath.Join("/", e.Name()), Access: enforce.Read, Reason: "level open: the host, for reading", Optional: true, NoFollow: true})
		}
	}
	return grants, nil
}

// row is a line of a table.
type row struct {
	path   string
	access enforce.Access
	what   string
}

// replaced are rows that a view has something of its own for.
var replaced = []string{"/proc", "/dev", "/dev/ptmx", "/dev/pts", "/etc/passwd", "/etc/group"}

func (r row) grant(prefix string) enforce.Grant {
	return enforce.Grant{Path: r.path, Access: r.access, Reason: prefix + r.what, Optional: true, Replaced: slices.Contains(replaced, r.path)}
}
