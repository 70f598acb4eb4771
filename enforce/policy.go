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
	// refuses none, granted or not.
	Connect
	// List lists directories and opens no file in them. It is the one access that the
	// root directory can be granted with, in a view, where all that is below it is
	// there because something grants it.
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
	// can be links to anywhere; their targets within the closure are granted
	// by itself.
	NoFollow bool
	// Resolved says that Path has no symbolic links ([Resolve]). One that is found in
	// it was made since, and is an error.
	Resolved bool
	// Replaced grants are of paths that a view has its own of, and are left out of it: the
	// host's /bin/sh, its user database, its terminals.
	Replaced bool
	// Own grants are of paths that a view makes itself: outside of it nothing is granted.
	Own bool
	// Named is Path as somebody named it, with links, which a view has, too; empty where
	// nobody did.
	Named string
	// PerRun grants differ from run to run and do not count for [Policy.Hash].
	PerRun bool
}

// Network is which networks can be reached. The zero value is none.
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
	// UnixSockets lets UNIX sockets be made at all. Which of those in the
	// file system can be connected to is up to Grants, from ABI 9.
	UnixSockets bool
	// UserNamespaces lets new ones be made.
	UserNamespaces bool
	// SysVIPC lets System V shared memory, semaphores and message queues be
	// used: those of all other programs too.
	SysVIPC bool
	// Capabilities are those that root keeps, as bits (capabilities(7)).
	Capabilities uint64
	// Apart says that the command is in IPC and network namespaces of its own, the
	// latter if Network is none: System V IPC and the sockets of networks reach nobody
	// then, and are not refused.
	Apart bool
	// NoFilter goes without a system call filter.
	NoFilter bool

	// MinABI is the oldest Landlock to be content with; 0 means DefaultABI.
	MinABI int
	// BestEffort takes a kernel that cannot uphold everything.
	BestEffort bool
	// AllowUnenforced takes a kernel without any Landlock.
	AllowUnenforced bool
}

// Hash identifies the policy: equal for policies that allow the same, in
// whatever order and for whatever reason.
func (p Policy) Hash() string {
	type row struct {
		path   string
		access Access
	}
	rows, size := make([]row, 0, len(p.Grants)), 1024 // as much as the rest of the policy is
	for _, g := range p.Grants {
		if !g.PerRun {
			rows = append(rows, row{g.Path, g.Access})
			size += len(g.Path) + 2
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Or(strings.Compare(a.path, b.path), cmp.Compare(a.access, b.access)) })
	p.Grants = nil
	text := make([]byte, 0, size) // of thousands of paths, which would be copied as it grows
	for _, r := range slices.Compact(rows) {
		text = append(append(text, r.path...), 0, byte(r.access))
	}
	sum := sha256.Sum256(fmt.Appendf(text, "%+v", p))
	return hex.EncodeToString(sum[:16])
}

// Covering are the grants by which something of access is allowed with a path, which is
// resolved as the kernel would: their rights together are the rights to the path.
func (p Policy) Covering(path string, access Access) []Grant {
	path = Real(path)
	var covering []Grant
	for _, g := range p.Grants {
		if g.Access&access == 0 || g.Access == List {
			continue // store paths are many, and by a list no file is covered
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
	// Confined says that the process is confined to this policy already, so
	// that no further layer is added.
	Confined bool
	// Watch has a supervisor see the command's calls; nil for none.
	Watch *Watch
	// Interpreter runs, in a child ([Policy.Start]), a text that the kernel does not
	// execute, as a shell would have it; empty for none.
	Interpreter string
	// Audit does not confine at all: it is only watched. Root keeps Capabilities, as bits.
	Audit        bool
	Capabilities uint64
}
