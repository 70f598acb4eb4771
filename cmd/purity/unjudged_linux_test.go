package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-purity/purity/fixtures"
)

// purity does not take a process that it may not inspect for pure.
func TestUnjudged(t *testing.T) {
	t.Parallel()
	all := users(t, fixtures.Newest(t))
	u := all[len(all)-1] // root may look into every process
	dir := u.project(t, "c")
	source := filepath.Join(dir, "hidden.c")
	if err := os.WriteFile(source, []byte("#include <sys/prctl.h>\n#include <fcntl.h>\nint main(void) { prctl(PR_SET_DUMPABLE, 0); open(\"/etc/shells\", O_RDONLY); return 0; }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	u.run(t, 0, dir, "exec", "--", "gcc", "-o", "hidden", "hidden.c")
	file := filepath.Join(u.dir, "hidden.json")
	out := u.run(t, exitImpure, dir, "audit", "--fail", "--report", file, "--", "./hidden")
	if r := readReport(t, file); r.Unjudged == 0 || !r.Watched || !strings.Contains(out, "could not be read, so there may be more") || strings.Contains(out, "nothing outside") {
		t.Errorf("%d calls could not be judged\n%s", r.Unjudged, out)
	}
	u.run(t, exitImpure, dir, "exec", "--fail", "--", "./hidden")
	u.run(t, 0, dir, "audit", "--fail", "--", "true")
}
