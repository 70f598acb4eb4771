//go:build !linux

package selftest

import "github.com/nix-purity/purity/enforce"

// scene is made on Linux only.
type scene struct{}

func leftovers() []leftover { return nil }

// Across says that there is nothing to attack.
func Across(string, string) (Report, error) { return Report{}, enforce.ErrNotLinux }
