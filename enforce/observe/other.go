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

// Shown describes the differences of a view from the outside, on Linux.
type Shown struct {
	Links             map[string]string
	Private, ReadOnly []string
	Spared            []enforce.Grant
}
