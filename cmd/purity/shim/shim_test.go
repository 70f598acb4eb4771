package shim

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/nixeval"
)

// Reading returns the written set, byte by byte.
func TestSet(t *testing.T) {
	no := false
	set := Set{
		Request: nixeval.Request{
			Flake: ".#x", Dir: "/home/latin-\xe9", Project: "/home/latin-\xe9", Roots: []string{"\xff"}, Overrides: [][2]string{{"a", "\xfe"}}, Impure: true,
		},
		Settings: config.Settings{
			Level: "dev", Read: []string{"a", "\xfd"}, Seccomp: &no, Network: &config.Network{Connect: []uint16{443}, UDP: true}, Sockets: config.Sockets{"none"},
		},
		Config: "/\xfc", Hooked: &nixeval.Hooked{Variables: []string{"A=\xfb"}, Temp: "/t"},
		Entry: "0123", Renewed: true, Renew: "cd '\xe9'", Outside: []string{"nix\xf8"},
		Definition: []Stamp{{Path: "/home/latin-\xe9/flake.nix", Time: 1, Size: 2, Sum: "ab"}},
	}
	before, err := set.Encode()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "shims")
	if err := set.Write(dir, "/purity", []string{"make", "["}); err != nil {
		t.Fatal(err)
	}
	got, err := Read(dir)
	if err != nil || !cmp.Equal(set, got) {
		t.Errorf("%v\n%s", err, cmp.Diff(set, got))
	}
	if after, err := set.Encode(); err != nil || !cmp.Equal(before, after) {
		t.Error("writing changes the set")
	}
	for name, want := range map[string]string{"make": "/purity", "[": "/purity", ByPath: "/purity"} {
		if target, err := os.Readlink(filepath.Join(dir, name)); err != nil || target != want {
			t.Errorf("%s: %s, %v", name, target, err)
		}
	}
	if err := set.Write(dir, "/purity", []string{"gcc"}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "make")); err == nil {
		t.Error("what is gone from the environment is still a shim")
	}
}

func TestChanged(t *testing.T) {
	file := filepath.Join(t.TempDir(), "flake.nix")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("one")
	set := Set{Definition: Definition([]string{file, file + "/../greet.c", filepath.Dir(file) + "/flake.lock"})}
	if len(set.Definition) != 2 || set.Changed() != "" {
		t.Errorf("%v, changed: %q", set.Definition, set.Changed())
	}
	write("one")
	if got := set.Changed(); got != "" {
		t.Errorf("written anew: %q changed", got)
	}
	write("two")
	if got := set.Changed(); got != file {
		t.Errorf("changed: %q", got)
	}
	write("one")
	if err := os.WriteFile(filepath.Dir(file)+"/flake.lock", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := set.Changed(); filepath.Base(got) != "flake.lock" {
		t.Errorf("a new file: %q", got)
	}
	os.Remove(filepath.Dir(file) + "/flake.lock")
	os.Remove(file)
	if got := set.Changed(); got != file {
		t.Errorf("removed: %q", got)
	}
}
