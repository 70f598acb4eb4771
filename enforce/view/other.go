//go:build !linux

package view

import (
	"syscall"

	"github.com/nix-purity/purity/enforce"
)

// Run says that this system has no views.
func Run(Job) (syscall.WaitStatus, error) { return 0, enforce.ErrNotLinux }

// Word is the hidden argument of modes that exist on Linux alone.
const Word = "__view"

// RunPart reports that args name no part: this system has no views.
func RunPart([]string) (code int, ok bool) { return 0, false }

// Available says that this system has no views.
func Available() error { return enforce.ErrNotLinux }

// OverlayAvailable says that this system has no views.
func OverlayAvailable(string) error { return enforce.ErrNotLinux }
