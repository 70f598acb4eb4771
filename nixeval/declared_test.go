package nixeval

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/nix-purity/purity/closure"
)

func TestDeclared(t *testing.T) {
	const store = "/s/"
	path := func(name string) closure.Path {
		return closure.Path(store + "00000000000000000000000000000000-" + name)
	}
	e := Environment{StoreDir: "/s", Paths: []closure.Path{path("bash"), path("git"), path("jq"), path("zlib")}}
	e.variables = []string{
		"nativeBuildInputs=" + string(path("jq")) + " " + string(path("absent")) + " relative",
		"stdenv=" + string(path("bash")),
		"CFLAGS=-I" + string(path("zlib")) + "/include",
	}
	if got, want := e.Declared(), []closure.Path{path("jq")}; !slices.Equal(got, want) {
		t.Errorf("declared are %v, want %v", got, want)
	}
	if !e.Mentions(path("zlib")) || e.Mentions(path("git")) {
		t.Error("what the variables mention is mistaken")
	}
	e.attrs = &structuredAttrs{JSON: `{"buildInputs": ["` + string(path("git")) + `", 1], "nativeBuildInputs": "x"}`}
	if got, want := e.Declared(), []closure.Path{path("git"), path("jq")}; !slices.Equal(got, want) {
		t.Errorf("declared are %v, want %v", got, want)
	}
}

// A program that comes with every dev shell is undeclared, unless it is declared, itself or as one that
// a package propagates; in a chroot store, too.
func TestUndeclared(t *testing.T) {
	here := t.TempDir()
	for _, store := range []closure.Store{{Dir: here}, {Dir: "/s", Root: t.TempDir()}} {
		undeclaredIn(t, store)
	}
}

func undeclaredIn(t *testing.T, store closure.Store) {
	path := func(name string) string { return store.Dir + "/00000000000000000000000000000000-" + name }
	support := filepath.Join(store.At(path("jq")), "nix-support")
	if err := os.MkdirAll(support, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(support, "propagated-build-inputs"), []byte(" "+path("sed")+" "+path("absent")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	e := Environment{StoreDir: store.Dir}
	for _, name := range []string{"cat", "grep", "jq", "sed"} {
		e.Paths = append(e.Paths, closure.Path(path(name)))
	}
	e.variables = []string{"nativeBuildInputs=" + path("jq"), "buildInputs=" + path("grep")}
	e.setUndeclared(devEnv{Variables: map[string]variable{"PATH": {Type: "exported", Value: "/x"}}}, store)
	if e.Tells() || e.Undeclared(path("cat")+"/bin/cat") {
		t.Error("without the initial path it is known what is declared")
	}
	initial := path("cat") + " " + path("grep") + " " + path("sed") + " " + path("elsewhere") + " /x"
	e.setUndeclared(devEnv{Variables: map[string]variable{"initialPath": {Type: "var", Value: initial}}}, store)
	for name, want := range map[string]bool{"cat": true, "grep": false, "sed": false, "jq": false, "elsewhere": false} {
		if got := e.Undeclared(path(name) + "/bin/" + name); got != want {
			t.Errorf("%v: %s is undeclared: %v", store, name, got)
		}
	}
	// A shellHook changes nothing of that.
	if e = e.After(Hooked{Variables: []string{"nativeBuildInputs="}}); !e.Tells() || !e.Undeclared(path("cat")) || e.Undeclared(path("grep")) {
		t.Error("a shellHook says what is declared")
	}
}
