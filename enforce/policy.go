package enforce

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// Access is what a grant allows with a path and, if that is a directory,
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
)

// String writes a as "r-x-": read, write, execute, ioctl.
func (a Access) String() string {
	text := []byte("----")
	for i, letter := range []byte("rwxi") {
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
	// "base: resolver configuration".
	Reason string
	// Optional grants are left out where the path does not exist or cannot
	// be reached.
	Optional bool
	// NoFollow gives no rule to a path that is a symbolic link. Store paths
	// can be links to anywhere; what they mean within the closure is granted
	// by itself.
	NoFollow bool
	// PerRun grants differ from run to run and do not count for [Policy.Hash].
	PerRun bool
}

// Policy is what a confined process may reach; all else is refused.
type Policy struct{ Grants []Grant }

// Hash identifies the policy: equal for policies that allow the same, in
// whatever order and for whatever reason.
func (p Policy) Hash() string {
	lines := make([]string, 0, len(p.Grants))
	for _, g := range p.Grants {
		if !g.PerRun {
			lines = append(lines, fmt.Sprintf("%s\x00%d", g.Path, g.Access))
		}
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(slices.Compact(lines), "\x00\x00")))
	return hex.EncodeToString(sum[:16])
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

// Command is what [Policy.Exec] replaces the process by.
type Command struct {
	Path string   // absolute
	Args []string // with the name of the command first
	Env  []string
	Dir  string // working directory, within a grant
	// KeepFDs are descriptors that stay open besides 0, 1 and 2.
	KeepFDs []int
	// Confined says that the process is confined to this policy already, so
	// that no further layer is added.
	Confined bool
}
