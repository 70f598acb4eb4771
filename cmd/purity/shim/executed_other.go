//go:build !linux

package shim

import "os/exec"

// executed is the file that a shell would have started by this name.
func executed(argv0 string) string {
	if path, err := exec.LookPath(argv0); err == nil {
		return path
	}
	return argv0
}
