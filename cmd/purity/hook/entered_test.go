package hook

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/nix-purity/purity/cmd/purity/allow"
)

// Who is in a project that was allowed stays in it, whatever a command makes there.
func TestEntered(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	root := t.TempDir()
	outer, inner, made, clone := filepath.Join(root, "outer"), filepath.Join(root, "outer/inner"), filepath.Join(root, "outer/made"), filepath.Join(root, "outer/clone")
	for _, dir := range []string{outer, inner, made} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "flake.nix"), []byte("{}"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(clone, ".git"), 0o755); err != nil {
		t.Fatal(err)
	}
	is := func(dir, want string, permission allow.Permission) {
		t.Helper()
		if got, p, _, err := entered(dir); err != nil || got != want || p != permission {
			t.Errorf("%s: in %s, %v, %v, want %s, %v", dir, got, p, err, want, permission)
		}
	}
	is(made, made, allow.Unknown)
	is(clone, "", allow.Unknown)
	list, err := allow.Open()
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{outer, inner} {
		if err := list.AllowProject(dir, allow.Sources{}); err != nil {
			t.Fatal(err)
		}
	}
	is(outer, outer, allow.Allowed)
	is(inner, inner, allow.Allowed)
	is(made, outer, allow.Allowed)
	is(clone, outer, allow.Allowed)
	is(root, "", allow.Unknown)
}
