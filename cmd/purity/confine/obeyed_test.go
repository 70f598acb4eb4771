package confine

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// Of git directories of submodules the files that git obeys count, and a directory that cannot be
// looked through counts as a whole.
func TestGitObeys(t *testing.T) {
	dir := t.TempDir()
	modules := filepath.Join(dir, ".git/modules")
	if err := os.MkdirAll(filepath.Join(modules, "a/b"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(modules, "a/b/HEAD"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	names := gitObeys(dir)
	if !slices.Contains(names, ".git/modules/a/b/config") || slices.Contains(names, ".git/modules") {
		t.Errorf("%q", names)
	}
	for i := range 10_001 {
		if err := os.WriteFile(filepath.Join(modules, fmt.Sprint(i)), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if names := gitObeys(dir); !slices.Contains(names, ".git/modules") {
		t.Errorf("%q", names)
	}
}
