package nixeval

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Old entries go, but for those that shims name.
func TestPrune(t *testing.T) {
	n, project, shims := Nix{Cache: t.TempDir()}, "/p", t.TempDir()
	entry := func(i int) string { return n.entryDir(project, fmt.Sprintf("key%02d", i)) }
	for i := range keepEntries + 5 {
		if err := os.MkdirAll(entry(i), 0o700); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(entry(i), entryFile)
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Unix(int64(1000+i), 0)
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
	gone := filepath.Join(shims, "gone")
	for i, dir := range map[int]string{0: shims, 1: gone, 2: shims} {
		if err := (Environment{dir: entry(i)}).Pin(dir); err != nil {
			t.Fatal(err)
		}
	}
	if err := (Environment{dir: entry(2)}).Unpin(shims); err != nil {
		t.Fatal(err)
	}
	n.prune(project, "new")
	for i := range keepEntries + 5 {
		if want := i == 0 || i > 5; exists(entry(i)) != want {
			t.Errorf("entry %d is there: %v", i, !want)
		}
	}
}
