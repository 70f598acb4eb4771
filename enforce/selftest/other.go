//go:build !linux

package selftest

import "github.com/nix-purity/purity/enforce"

// World is made on Linux only.
type World struct{}

func groups() []group { return nil }

// Result is the outcome of one vector.
type Result struct {
	Group, What, Refused, Moot, Twin, Remedy string
	Status, Expected                         Status
}

// Wrong is never so: nothing is tried.
func (Result) Wrong() bool { return false }

// Report is the outcome of a test.
type Report struct {
	Policy  string
	ABI     int
	Root    bool
	Results []Result
}

// Count is how many results have a status.
func (Report) Count(Status) int { return 0 }

// Run says that there is nothing to attack.
func Run() ([]Report, error) { return nil, enforce.ErrNotLinux }

// Words are the hidden arguments of parts that there are on Linux alone.
var Words []string

// StandIn stands in for nothing.
func StandIn([]string) (code int, ok bool) { return 0, false }

// RunPart is a part of nothing.
func RunPart([]string) (code int, ok bool) { return 0, false }
