package host

import (
	"debug/elf"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nix-purity/purity/enforce"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The host's programs come with exactly what the loader loads for them.
func TestShell(t *testing.T) {
	grants, err := Shell(hostPrograms...)
	must(t, err)
	granted := map[string]enforce.Access{}
	for _, g := range grants {
		real, err := filepath.EvalSymlinks(g.Path)
		must(t, err)
		granted[real] |= g.Access
	}
	for _, name := range hostPrograms {
		out, err := exec.Command("ldd", name).Output()
		must(t, err)
		for _, word := range strings.Fields(string(out)) {
			if !filepath.IsAbs(word) {
				continue
			}
			real, err := filepath.EvalSymlinks(word)
			must(t, err)
			if granted[real]&enforce.Read == 0 {
				t.Errorf("%s needs %s, which is not granted", name, real)
			}
		}
	}
	for path, access := range granted {
		program := strings.HasPrefix(filepath.Base(path), "ld-") || slices.Contains([]string{"sh", "dash", "bash", "env", "coreutils", "busybox"}, filepath.Base(path))
		if access&enforce.Execute != 0 && !program || access&enforce.Write != 0 {
			t.Errorf("%s is granted %v", path, access)
		}
	}
	if _, err := dependencies("/etc/passwd", map[string]bool{}); err == nil {
		t.Error("a text file has dependencies")
	}
	if (object{machine: elf.EM_NONE}).find("libc.so.6") != "" {
		t.Error("a library of another machine is found")
	}
}

func BenchmarkShell(b *testing.B) {
	for b.Loop() {
		if _, err := Shell(hostPrograms...); err != nil {
			b.Fatal(err)
		}
	}
}
