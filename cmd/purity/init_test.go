package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// maxInit is in bytes. Packages of others take most of them.
const maxInit = 144 << 10

// Every run pays for work of packages before main, and most runs need none of it. So code
// makes a regular expression or a table when it needs one.
func TestInit(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(binary(t), "version")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	total, packages := 0, 0
	for line := range strings.Lines(string(out)) { // runtime, "GODEBUG Environment Variables"
		var name string
		var at, clock float64
		var bytes int
		if _, err := fmt.Sscanf(line, "init %s @%f ms, %f ms clock, %d bytes", &name, &at, &clock, &bytes); err == nil && !strings.HasSuffix(name, "/early") { // early does not touch the memory that it takes
			total, packages = total+bytes, packages+1
		}
	}
	if packages < 20 || total > maxInit {
		t.Errorf("%d packages take %d bytes, of at most %d\n%s", packages, total, maxInit, out)
	}
}
