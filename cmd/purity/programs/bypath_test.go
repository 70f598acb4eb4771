package programs

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/nix-purity/purity/enforce"
)

// Paths of programs are resolved as the kernel does it: links are followed before "..".
func TestByPath(t *testing.T) {
	base := enforce.Real(t.TempDir())
	for _, dir := range []string{"project/sub/deep", "store/a", "elsewhere/deep"} {
		if err := os.MkdirAll(filepath.Join(base, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"project/run", "project/sub/run", "store/a/run", "elsewhere/run"} {
		if err := os.WriteFile(filepath.Join(base, file), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{
		"into":            "project/sub/deep",
		"project/out":     "../elsewhere/deep",
		"project/tool":    "../elsewhere/run",
		"elsewhere/inner": "../project/run",
		"stores":          "store",
	} {
		if err := os.Symlink(target, filepath.Join(base, link)); err != nil {
			t.Fatal(err)
		}
	}
	by := ByPath{filepath.Join(base, "project"), filepath.Join(base, "stores")}
	for _, c := range []struct {
		from, path string
		want       bool
	}{
		{"", "project/run", true}, {"", "elsewhere/run", false}, {"", "project/sub", false},
		{"", "into/../run", true}, {"into", "../run", true}, {"into", "../../run", true},
		{"", "project/out/../run", true}, {"", "project/out/../../elsewhere/run", true}, // through the project
		{"", "project/tool", true}, {"", "elsewhere/inner", true},
		{"", "stores/a/run", true}, {"", "stores/../elsewhere/run", true},
		{"", "project/none", true}, {"", "into/../none/x", true}, {"", "elsewhere/none", false},
	} {
		t.Chdir(filepath.Join(base, c.from))
		t.Setenv("PWD", filepath.Join(base, c.from)) // as a shell has it, with links
		for _, path := range []string{c.path, filepath.Join(base, c.from) + "/" + c.path} {
			if got := by.Confines(path); got != c.want {
				t.Errorf("%s in %s: %v, want %v", path, c.from, got, c.want)
			}
		}
	}
	t.Chdir(filepath.Join(base, "project/out")) // which is elsewhere/deep, whatever $PWD says
	if by.Confines("../run") {
		t.Error("a working directory elsewhere is in the project")
	}
	for path, want := range map[string]bool{"elsewhere/run": true, "elsewhere": false, base + "/elsewhere/run": false, base + "/project/run": true} {
		t.Chdir(base)
		if got := by.Decides(path, true); got != want {
			t.Errorf("%s is decided when it is run: %v, want %v", path, got, want)
		}
	}
	if !by.Decides("", false) {
		t.Error("what only the shell knows is not decided when it is run")
	}
}
