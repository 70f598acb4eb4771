package nixeval

import (
	"os"
	"path/filepath"
	"testing"
)

// The variables of an environment are known, also where Nix or a shellHook changes it, and a
// link in the project adds to that and proves nothing.
func TestOwned(t *testing.T) {
	store, project := t.TempDir(), t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		root := filepath.Join(store, name)
		if err := os.WriteFile(root, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return root
	}
	active := write("00000000000000000000000000000000-a-env", `{"variables": {
		"A": {"type": "exported", "value": "a"},
		"B": {"type": "exported", "value": "/out/x"},
		"out": {"type": "exported", "value": "/out"},
		"outputs": {"type": "exported", "value": "out"},
		"stdenv": {"type": "exported", "value": "/stdenv"},
		"shellHook": {"type": "var", "value": "export C=$PWD\nD+=x; echo $E"}}}`)
	other := write("11111111111111111111111111111111-b-env", `{"variables": {"F": {"type": "exported", "value": "f"}}}`)
	environ := func(more ...string) Nix {
		return Nix{Environ: append([]string{"NIX_STORE_DIR=" + store, "stdenv=/stdenv"}, more...)}
	}
	owned, known := environ("NIX_GCROOT=" + active).Owned(project)
	if !known {
		t.Error("the active shell is not known")
	}
	for v, want := range map[string]bool{
		"A=a": true, "A=b": false, "B=/out/x": true, "B=/p/outputs/out/x": true, "C=anything": true, "D=anything": true, "E=e": false, "F=f": false,
	} {
		if owned.Set(v) != want {
			t.Errorf("%s is the environment's: %v", v, !want)
		}
	}
	if err := os.MkdirAll(filepath.Join(project, ".devenv", "gc"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, filepath.Join(project, ".devenv", "gc", "shell")); err != nil {
		t.Fatal(err)
	}
	if owned, known := environ().Owned(project); known || !owned.Set("F=f") {
		t.Errorf("a link in the project: known %v, counts %v", known, owned.Set("F=f"))
	}
	if owned, known := environ("NIX_GCROOT=" + active).Owned(project); !known || !owned.Set("A=a") || !owned.Set("F=f") {
		t.Error("a link in the project hides what the active shell has set")
	}
	// Another shell was started in the active one.
	if _, known := environ("stdenv=/other", "NIX_GCROOT="+active).Owned(project); known {
		t.Error("another shell is taken for the one of NIX_GCROOT")
	}
}
