//go:build !linux

package main

import (
	"errors"
	"os/exec"
	"time"
)

// ask runs a program and returns what it says. Nothing is confined here, so nothing that
// is asked is a command's.
func ask(cmd *exec.Cmd, _ time.Duration, _ func()) (answer, said []byte, err error) {
	answer, err = cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		said = exit.Stderr
	}
	return answer, said, err
}
