package nixeval

import (
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
