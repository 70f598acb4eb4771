package trees

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/nix-purity/purity/nixeval"
)

// A chroot store is where its root is, and where a link there leads.
func TestStoreIn(t *testing.T) {
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"root", "elsewhere/store", "beside"} {
		if err := os.MkdirAll(filepath.Join(top, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../elsewhere", filepath.Join(top, "root/nix")); err != nil {
		t.Fatal(err)
	}
	nix := nixeval.Nix{Root: filepath.Join(top, "root")}
	for dir, want := range map[string]bool{"root": true, "elsewhere": true, "elsewhere/store": true, ".": true, "beside": false, "root/nix/x": false} {
		if got := StoreIn(nix, filepath.Join(top, dir)); got != want {
			t.Errorf("%s: %v, want %v", dir, got, want)
		}
		if got := Writable(nix, filepath.Join(top, dir)) != nil; dir != "root/nix/x" && got != want {
			t.Errorf("%s: denied %v, want %v", dir, got, want)
		}
	}
	if StoreIn(nixeval.Nix{}, top) {
		t.Error("a store at its place is in another directory")
	}
}
