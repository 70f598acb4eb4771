//go:build !linux

package main

import "syscall"

func killedWithParent() *syscall.SysProcAttr { return nil }
