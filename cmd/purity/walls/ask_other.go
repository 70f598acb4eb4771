//go:build !linux

package walls

import (
	"errors"
	"os/exec"
	"time"
)

// Ask runs a program and returns its output. Nothing is confined here, so nothing that
// is asked is a command's.
func Ask(cmd *exec.Cmd, _ time.Duration, _ func()) (answer, said []byte, err error) {
	answer, err = cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		said = exit.Stderr
	}
	return answer, said, err
}
