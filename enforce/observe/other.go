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
	Access  enforce.Access
	Denied  bool
}
