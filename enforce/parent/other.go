//go:build !linux

package parent

import "syscall"

// Die does nothing: only the Linux version knows how to end by a signal.
func Die(syscall.Signal) {}
