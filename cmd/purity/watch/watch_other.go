//go:build !linux

package watch

import "github.com/nix-purity/purity/enforce"

// Word is the hidden argument of modes that exist on Linux alone.
const Word = "__continue"

// Start watches nothing.
func (r Run) Start() (Outcome, error) { return Outcome{}, enforce.ErrNotLinux }

// Continue continues nothing.
func Continue([]string) (code int, ok bool) { return 0, false }

func calls(string) []string { return nil }
