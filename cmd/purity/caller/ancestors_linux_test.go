//go:build linux

package caller

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Variables of processes outside the dev shell are the user's, and those of processes
// inside are not.
func TestOutsideVariables(t *testing.T) {
	if os.Getenv("TEST_OUTSIDE") != "" {
		outside := outsideVariables()
		for v, want := range map[string]bool{"OWN=1": true, "SAME=1": true, "SAME=2": false, "THEIRS=1": false} {
			if outside[v] != want {
				t.Errorf("%s is the user's: %v", v, !want)
			}
		}
		return
	}
	script := `IN_NIX_SHELL=impure SAME=2 THEIRS=1 sh -c '"$0" -test.run "^TestOutsideVariables$"; exit $?' "$0"; exit $?`
	cmd := exec.Command("/bin/sh", "-c", script, os.Args[0])
	cmd.Env = append(os.Environ(), "TEST_OUTSIDE=1", "OWN=1", "SAME=1")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
		t.Errorf("%v\n%s", err, out)
	}
}
