package closure

import (
	"os"
	"path/filepath"
	"testing"
)

// Links in a chroot store name other paths of it by their logical names, and are followed to
// their places; a path that leads outside stays outside.
func TestStore(t *testing.T) {
	const a, b = "/nix/store/00000000000000000000000000000000-a", "/nix/store/00000000000000000000000000000000-b"
	root := t.TempDir()
	s := Store{Dir: "/nix/store", Root: root}
	if err := os.MkdirAll(s.At(a)+"/bin", 0o755); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{
		b: a, a + "/bin/relative": "../file", a + "/bin/absolute": b + "/file", a + "/bin/outside": "/etc/passwd",
		a + "/bin/above": "../../../../../etc/passwd", a + "/bin/loop": "loop", a + "/bin/dots": "../../../store/x",
	} {
		if err := os.Symlink(target, s.At(link)); err != nil {
			t.Fatal(err)
		}
	}
	real := filepath.Join(root, "nix", "store")
	for name, want := range map[string]string{
		a: real + "/" + filepath.Base(a), b + "/bin": real + "/" + filepath.Base(a) + "/bin",
		b + "/bin/relative": real + "/" + filepath.Base(a) + "/file", a + "/bin/absolute": real + "/" + filepath.Base(a) + "/file",
		a + "/bin/outside": "/etc/passwd", a + "/bin/above": "/etc/passwd", a + "/bin/dots": real + "/x",
		"/etc/passwd": "/etc/passwd", a + "/absent/x": real + "/" + filepath.Base(a) + "/absent/x", "/nix/storage": "/nix/storage",
		a + "/bin/loop": s.At(a + "/bin/loop"), "/nix/store/../x": "/nix/x",
	} {
		if got := s.Follow(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	plain := Store{Dir: "/nix/store"}
	if plain.Follow(b) != b || plain.At(a) != a || plain.Real() != "/nix/store" || s.Real() != real {
		t.Error("a store at its place is not where it is")
	}
}
