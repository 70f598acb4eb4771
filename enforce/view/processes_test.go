package view

import (
	"os"
	"path/filepath"
	"testing"
)

// A directory can be written if any file in it or below can.
func TestHasWritable(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "lists", "file")
	if err := os.Mkdir(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o444); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/null", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if hasWritable(dir) || hasWritable(filepath.Join(dir, "absent")) {
		t.Error("there is no file to write")
	}
	if err := os.Chmod(file, 0o200); err != nil {
		t.Fatal(err)
	}
	if !hasWritable(dir) {
		t.Error("there is a file to write")
	}
}
