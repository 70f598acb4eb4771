//go:build !linux

package selftest

import "github.com/nix-purity/purity/enforce"

// Across says that there is nothing to attack.
func Across(string) (Report, error) { return Report{}, enforce.ErrNotLinux }
