package programs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-purity/purity/nixeval"
)

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
	sources, err := Sources(nixeval.Nix{}, request)
	is(sources.Files, err, "shell.nix .nix/dev .nix/dev.nix lib/data.txt link node_modules/a/b.nix z.txt")
	files, err := definition(nixeval.Nix{}, request)
	is(files, err, "shell.nix .nix/dev .nix/dev.nix lib/data.txt link z.txt")
	if files, err = walked(request, 5, nil); !errors.Is(err, errTooMany) {
		t.Errorf("%q, %v", files, err)
	}
}
