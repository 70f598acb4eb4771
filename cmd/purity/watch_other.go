//go:build !linux

package main

import (
	"github.com/nix-purity/purity/enforce"
)

func (p *plan) watch() (outcome, error) { return outcome{}, enforce.ErrNotLinux }

func watchCommand(explains, temp string) *enforce.Watch { return nil }

func runContinue([]string) (code int, ok bool) { return 0, false }
