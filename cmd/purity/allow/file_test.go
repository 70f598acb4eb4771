package allow

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/enforce/host"
)

// parse is a file of a project.
func parse(t *testing.T, text string) *config.File {
	t.Helper()
	f, err := config.Parse("/project/purity.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

var base, _ = host.FindLevel("dev")

// A permission is for this content at this path.
func TestFile(t *testing.T) {
	list := List{Dir: filepath.Join(t.TempDir(), "a", "b")}
	f := parse(t, "read = ['x']")
	if list.Allows(f, base, nil, "") {
		t.Error("allowed without a word")
	}
	if err := list.Allow(f, nil); err != nil {
		t.Fatal(err)
	}
	other, edited := parse(t, "read = ['x']"), parse(t, "read = ['x'] ")
	other.Path = "/other/purity.toml"
	if !list.Allows(f, base, nil, "") || list.Allows(other, base, nil, "") || list.Allows(edited, base, nil, "") {
		t.Error("the wrong files are allowed")
	}
	if !list.Allows(edited, base, nil, "123,"+edited.Hash()) || list.Allows(edited, base, nil, f.Hash()) || list.Allows(edited, base, nil, "") {
		t.Error("the wrong hashes are allowed")
	}
	if n, err := list.Deny(f.Path); n != 1 || err != nil || list.Allows(f, base, nil, "") {
		t.Errorf("denied %d, %v", n, err)
	}
	// With a link it is another permission, and a hash alone says nothing of links.
	links := []string{"/project/x -> /target"}
	if err := list.Allow(f, links); err != nil {
		t.Fatal(err)
	}
	if !list.Allows(f, base, links, "") || list.Allows(f, base, nil, "") || list.Allows(f, base, []string{"/project/x -> /other"}, f.Hash()) {
		t.Error("the wrong links are allowed")
	}
	// A path with newlines is no other path with the beginning of its file.
	whole, rest := parse(t, "# x/purity.toml\nread = ['x']"), parse(t, "read = ['x']")
	whole.Path, rest.Path = "/a/purity.toml", "/a/purity.toml\n# x/purity.toml"
	if err := list.Allow(whole, nil); err != nil {
		t.Fatal(err)
	}
	if !list.Allows(whole, base, nil, "") || list.Allows(rest, base, nil, "") {
		t.Error("a permission is one for another path, too")
	}
	if info, err := os.Stat(list.Dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
}
