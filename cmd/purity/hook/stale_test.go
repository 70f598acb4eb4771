package hook

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-purity/purity/cmd/purity/allow"
	"github.com/nix-purity/purity/nixeval"
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
		if err := list.AllowProject(dir, nil); err != nil {
			t.Fatal(err)
		}
	}
	is(outer, outer, allow.Allowed)
	is(inner, inner, allow.Allowed)
	is(made, outer, allow.Allowed)
	is(clone, outer, allow.Allowed)
	is(root, "", allow.Unknown)
}

// Where only Nix can tell the files that it reads, a permission covers all but git's
// directory and those of tools, in which it covers files written in Nix.
func TestSources(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{
		"shell.nix", ".nix/dev.nix", ".nix/dev", "lib/data.txt", ".git/x.nix", "node_modules/a/index.js", "node_modules/a/package.json", "node_modules/a/b.nix", "z.txt",
	} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755), os.WriteFile(filepath.Join(dir, name), nil, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(".nix/dev.nix", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	request := nixeval.Request{File: filepath.Join(dir, "shell.nix"), Dir: dir, Project: dir}
	is := func(files []string, err error, want string) {
		t.Helper()
		for i := range files {
			files[i], _ = strings.CutPrefix(files[i], dir+"/")
		}
		if got := strings.Join(files, " "); got != want || err != nil {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	}
	files, err := sources(nixeval.Nix{}, request)
	is(files, err, "shell.nix .nix/dev .nix/dev.nix lib/data.txt link node_modules/a/b.nix z.txt")
	files, err = definition(nixeval.Nix{}, request)
	is(files, err, "shell.nix .nix/dev .nix/dev.nix lib/data.txt link z.txt")
	if files, err = walked(request, 5, nil); !errors.Is(err, errTooMany) {
		t.Errorf("%q, %v", files, err)
	}
}
