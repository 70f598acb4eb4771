package enforce

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Access is the set of rights of a grant to a path and, if that is a directory,
// with all below it.
type Access uint8

const (
	// Read opens files for reading and lists directories.
	Read Access = 1 << iota
	// Write opens files for writing and truncation, and in directories
	// creates, renames, links and removes everything but device nodes.
	Write
	// Execute executes files. Reading is not enough for that, and executing
	// does not include reading.
	Execute
	// Ioctl controls a device, as terminals need.
	Ioctl
	// Connect connects to UNIX sockets. Before Landlock's ABI 9 the kernel
	// denies none, granted or not.
	Connect
	// List lists directories and opens no file in them. No other access can be granted
	// to the root directory. A view grants it: there each file below has a grant.
	List

	// All is everything that makes sense with ordinary files.
	All = Read | Write | Execute | Connect
)

// String writes a as "r-x--": read, write, execute, ioctl, connect; list is "l----".
func (a Access) String() string {
	text := []byte("-----")
	if a&List != 0 {
		text[0] = 'l'
	}
	for i, letter := range []byte("rwxic") {
		if a&(1<<i) != 0 {
			text[i] = letter
		}
	}
	return string(text)
}

// Grant allows Access to Path, an absolute path, and to all below it.
type Grant struct {
	Path   string
	Access Access
	// Reason says why, in words for people: "closure", "project",
	// "base: resolver configuration", "purity.toml:7".
	Reason string
	// Optional grants are left out where the path does not exist or cannot
	// be reached.
	Optional bool
	// NoFollow gives no rule to a path that is a symbolic link. Store paths
	// can be links to anywhere; targets within the closure have grants of
	// their own.
	NoFollow bool
	// Resolved says that Path has no symbolic links ([Resolve]). One that is found in
	// it was made since, and is an error.
	Resolved bool
	// Replaced grants are of files of the host that a view leaves out because it has its
	// own: /bin/sh, the user database, terminals.
	Replaced bool
	// Own grants are of files that a view makes itself; they grant no file outside it.
	Own bool
	// Named is Path as a setting named it, with links, which a view has, too; empty for
	// no such name.
	Named string
	// PerRun grants differ from run to run and do not count for [Policy.Hash].
	PerRun bool
}

// Network is the part of the network that a command can reach. The zero value is none.
type Network struct {
	Any bool // all of them; the rest does not matter then
	// Connect and Bind are the ports that TCP may connect to and listen at,
	// and UDP too if that is allowed and the kernel can tell (ABI 10).
	Connect, Bind []uint16
	UDP           bool
}

// None reports whether n allows nothing.
func (n Network) None() bool { return !n.Any && !n.UDP && len(n.Connect)+len(n.Bind) == 0 }

// Policy has the grants of a confined process; all else is denied. The zero
// value of each field is the strict one.
type Policy struct {
	Grants  []Grant
	Network Network
	// UnixSockets allows UNIX sockets at all. From ABI 9, Grants decide which
	// of those in the file system a command can connect to.
	UnixSockets bool
	// UserNamespaces allows new user namespaces.
	UserNamespaces bool
	// SysVIPC allows System V shared memory, semaphores and message queues,
	// those of all other programs too.
	SysVIPC bool
	// Capabilities are those that root keeps, as bits (capabilities(7)).
	Capabilities uint64
	// Apart means that the command is in an IPC namespace of its own and, if Network is
	// none, in a network namespace of its own. There System V IPC and network sockets
	// reach no other program, so the filter does not deny them.
	Apart bool
	// NoFilter goes without a system call filter.
	NoFilter bool

	// MinABI is the oldest Landlock ABI to accept; 0 means DefaultABI.
	MinABI int
	// BestEffort accepts a kernel that cannot uphold everything.
	BestEffort bool
	// AllowUnenforced accepts a kernel without any Landlock.
	AllowUnenforced bool
}

// Hash identifies the policy. Policies that allow the same have the same hash,
// whatever the order and the reasons of their grants.
func (p Policy) Hash() string {
	type row struct {
		path   string
		access Access
	}
	rows, size := make([]row, 0, len(p.Grants)), 1024 // for the rest of the policy
	for _, g := range p.Grants {
		if !g.PerRun {
			rows = append(rows, row{g.Path, g.Access})
			size += len(g.Path) + 2
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Or(strings.Compare(a.path, b.path), cmp.Compare(a.access, b.access)) })
	p.Grants = nil
	text := make([]byte, 0, size) // else growing would copy thousands of paths
	for _, r := range slices.Compact(rows) {
		text = append(append(text, r.path...), 0, byte(r.access))
	}
	sum := sha256.Sum256(fmt.Appendf(text, "%+v", p))
	return hex.EncodeToString(sum[:16])
}

// Covering returns the grants that allow a part of access to a path, which it resolves as
// the kernel would. Their rights together are the rights to the path.
func (p Policy) Covering(path string, access Access) []Grant {
	path = Real(path)
	var covering []Grant
	for _, g := range p.Grants {
		if g.Access&access == 0 {
			continue // without a look at thousands of store paths
		}
		if info, err := os.Lstat(g.Path); g.NoFollow && err == nil && info.Mode()&os.ModeSymlink != 0 {
			continue // it gets no rule
		}
		if Inside(path, Real(g.Path)) {
			covering = append(covering, g)
		}
	}
	return covering
}

// MissingError says that a path to grant does not exist.
type MissingError struct{ Path string }

func (e *MissingError) Error() string { return fmt.Sprintf("grant %s: no such path", e.Path) }

// ExecError says that the command could not be executed although the
// confinement was ready.
type ExecError struct {
	Path string
	Err  error
}

func (e *ExecError) Error() string { return fmt.Sprintf("execute %s: %v", e.Path, e.Err) }

func (e *ExecError) Unwrap() error { return e.Err }

// Command is the program that [Policy.Exec] replaces the process by.
type Command struct {
	Path string   // absolute
	Args []string // with the name of the command first
	Env  []string
	Dir  string // working directory, within a grant
	// KeepFDs are descriptors that stay open besides 0, 1 and 2, if they are pipes.
	KeepFDs []int
	// Confined means that the process is confined to this policy already and
	// needs no further layer.
	Confined bool
	// Watch lets a supervisor see the command's system calls; nil for none.
	Watch *Watch
	// Interpreter runs a text that the kernel does not execute, as a shell would, but
	// only in a child ([Policy.Start]); empty for none.
	Interpreter string
	// Audit watches the command without confining it. Root keeps Capabilities, as bits.
	Audit        bool
	Capabilities uint64
}
