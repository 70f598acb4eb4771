package main

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nix-purity/purity/fixtures"
)

// Queries change nothing: not the cache, not HOME, not the project, which may be read-only.
// They leave the HOME of an open shell alone.
func TestQueriesChangeNothing(t *testing.T) {
	t.Parallel()
	u := newUser(t, "self", fixtures.Newest(t))
	dir := u.project(t, "c")
	if err := os.MkdirAll(filepath.Join(u.dir, "home/.config/nvim"), 0o755); err != nil {
		t.Fatal(err)
	}
	u.run(t, 0, dir, "exec", "--presets", "editor", "--", "true") // fills the cache, links a configuration
	u.run(t, 0, dir, "exec", "--no-project", "--", "true")
	u.run(t, 0, dir, "doctor")                   // prepares git
	u.run(t, 0, dir, "policy", "--level", "nix") // remembers that there can be views
	before := tree(t, u.dir)
	if !strings.Contains(fmt.Sprint(before), ".config/nvim") {
		t.Fatal("no preset shows its configuration")
	}
	var dirs []string
	err := filepath.WalkDir(u.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			dirs = append(dirs, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	mode := func(mode fs.FileMode) {
		for _, dir := range dirs {
			os.Chmod(dir, mode)
		}
	}
	mode(0o555)
	defer mode(0o755)
	before = tree(t, u.dir)
	for _, args := range []string{
		"policy", "policy --json", "policy --diff --read /usr", "policy --presets git", "policy --level nix", "policy --no-project .",
		"explain /usr/bin/gcc", "explain --json .", "closure", "closure --json", "closure --why bash", "config check", "which make", "doctor", "version",
	} {
		out, err := u.command(t, dir, strings.Fields(args)...).CombinedOutput()
		if args != "doctor" && strings.Contains(string(out), "permission denied") { // doctor reports that purity can cache nothing
			t.Errorf("purity %s: %v\n%s", args, err, out)
		}
		if diff := cmp.Diff(before, tree(t, u.dir)); diff != "" {
			t.Errorf("purity %s changes\n%s", args, diff)
			before = tree(t, u.dir)
		}
	}
}

// tree returns the files below a directory, with their types and contents.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if d.Name() == "stat" { // purity's memory of files, to read none twice
			return nil
		}
		text := info.Mode().String()
		switch {
		case info.Mode().IsRegular():
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text += fmt.Sprintf(" %x", sha256.Sum256(data))
		case info.Mode()&fs.ModeSymlink != 0:
			target, _ := os.Readlink(path)
			text += " -> " + target
		}
		files[strings.TrimPrefix(path, dir)] = text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
