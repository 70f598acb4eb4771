//go:build !linux

package observe

import "github.com/nix-purity/purity/enforce"

// Event is a watched call.
type Event struct {
	PID     int
	Call    string
	Name    string
	Path    string
	Address string
	Refused string
	Access  enforce.Access
	Denied  bool
}

// Shown says in what a view differs from what is outside, on Linux.
type Shown struct {
	Links             map[string]string
	Private, ReadOnly []string
}
