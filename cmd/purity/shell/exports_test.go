package shell

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Whatever a name or a value is, the user's shell evaluates assignments and no more.
func TestExportsAreQuoted(t *testing.T) {
	dir := t.TempDir()
	for _, value := range []string{"a\nb", "'", "$(touch x)", "`touch x`", `\`, "\xff", "'; touch x; '", "", "-n"} {
		script := Exports([]string{"A=" + value, "B;touch x;C=1", "C D=1", "=x", "BASH_FUNC_f%%=() { touch x; }"}) + `printf %s "$A"`
		cmd := exec.Command("/bin/bash", "-c", script)
		cmd.Dir = dir
		out, err := cmd.Output()
		if err != nil || string(out) != value {
			t.Errorf("%q comes to %q, %v", value, out, err)
		}
		if _, err := os.Lstat(filepath.Join(dir, "x")); err == nil {
			t.Fatalf("%q is run", value)
		}
	}
}
