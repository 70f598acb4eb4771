package caller

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nix-purity/purity/cmd/purity/shim"
)

// Variables by which a project could open something are its word, but for those that only
// take something away, whoever set them.
func TestNarrows(t *testing.T) {
	for _, tt := range []struct{ narrows, opens string }{
		{"PURITY_LEVEL=nix", "PURITY_LEVEL=dev"}, {"PURITY_LEVEL=nix", "PURITY_LEVEL=open"}, {"PURITY_NETWORK=false", "PURITY_NETWORK=connect=443"},
		{"PURITY_SOCKETS=none", "PURITY_SOCKETS=/run/x"}, {"PURITY_HOME=none", "PURITY_HOME=/home/u"}, {"PURITY_MODE=enforce", "PURITY_MODE=audit"},
		{"PURITY_SECCOMP=true", "PURITY_SECCOMP=false"}, {"PURITY_STRICT_PATHS=true", "PURITY_STRICT_PATHS="}, {"PURITY_REPORT_CHANGES=true", "PURITY_REPORT_CHANGES=false"},
		{"PURITY_BEST_EFFORT=false", "PURITY_BEST_EFFORT=true"}, {"PURITY_ALLOW_UNENFORCED=false", "PURITY_ALLOW_UNENFORCED=true"},
		{"PURITY_USER_NAMESPACES=false", "PURITY_USER_NAMESPACES=1"}, {"PURITY_EXPLAIN=off", "PURITY_READ=/"}, {"PURITY_EXPLAIN=files", "PURITY_TRUST=x"},
	} {
		for v, want := range map[string]bool{tt.narrows: true, tt.opens: false} {
			name, value, _ := strings.Cut(v, "=")
			if !opens(name) || !leads(v) {
				t.Errorf("%s is nothing to purity", v)
			}
			if got := narrows(name, value); got != want {
				t.Errorf("%s only narrows: %v", v, got)
			}
		}
	}
}

// A variable leads purity, or a program that it starts outside, or it does not.
func TestLeads(t *testing.T) {
	for v, want := range map[string]bool{
		"GIT_DIR=x": true, "NIX_PATH=x": true, "NIX_CONFIG=x": true, "SSH_ASKPASS=x": true, "XDG_CACHE_HOME=x": true, "LESSOPEN=x": true, "MAKEFLAGS=x": true,
		"SSL_CERT_FILE=x": true, "PURITY_READ=x": true, "PURITY_ONLY_WATCHED=x": true, "TZDIR=x": true,
		"NIX_GCROOT=x": false, "NIX_STORE=x": false, "NIX_STORE_DIR=x": false, "CC=x": false, "GITHUB_TOKEN=x": false, "PURITY_ACTIVE=x": false, "PURITY_WAS_A=x": false, "PURITYX=x": false,
	} {
		if got := leads(v); got != want {
			t.Errorf("%s leads: %v", v, got)
		}
	}
	for v, want := range map[string]bool{"IN_NIX_SHELL=": true, "DEVENV_ROOT=x": true, "PURITY_SHIMS=x": true, "IN_NIX_SHELLS=x": false, "NIX_STORE=x": false} {
		if got := inDevShell(v); got != want {
			t.Errorf("%s is of a dev shell: %v", v, got)
		}
	}
}

// Directories of shims leave PATH, and the empty name, which is the working directory, stays
// where it is.
func TestWithoutShims(t *testing.T) {
	shims, other := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(shims, shim.File), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(shims) // so that the empty name stands for shims, too
	for path, want := range map[string]string{
		"": "", "S": "", "O": "O", "S:O": "O", "O:S:O": "O:O", ":O": ":O", "S:": "", "O::/none": "O::/none",
	} {
		real := strings.NewReplacer("S", shims, "O", other).Replace
		if got := withoutShims(real(path)); got != real(want) {
			t.Errorf("%s: %q, want %q", path, got, real(want))
		}
	}
}

// The cache is never in a directory that depends on where purity is called.
func TestCacheDir(t *testing.T) {
	for _, tt := range []struct{ home, cache, want string }{
		{"/home/u", "", "/home/u/.cache"}, {"/home/u", "/c", "/c"}, {"/home/u", "relative", "/home/u/.cache"},
		{"home", "", ""}, {"home", "/c", ""}, {"", "/c", "/c"}, {"", "", ""}, {"", "relative", ""},
	} {
		t.Setenv("HOME", tt.home)
		t.Setenv("XDG_CACHE_HOME", tt.cache)
		if got, err := CacheDir(); got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("HOME=%s XDG_CACHE_HOME=%s: %s, %v; want %s", tt.home, tt.cache, got, err, tt.want)
		}
	}
}

// What a shell has set since it entered a project reaches the commands in it; what it had
// before, or has for itself, does not.
func TestSince(t *testing.T) {
	before := []string{"A=1", "B=1", "PATH=/bin"}
	outer := AlsoKnown(Fingerprints(before), []string{"ENV_OF_PROJECT=1", "A=1"})
	for _, tt := range []struct {
		name, outer string
		environ     []string
		want        []string
	}{
		{"nothing", outer, before, nil},
		{"what is new", outer, append(slices.Clone(before), "C=1"), []string{"C=1"}},
		{"what changed", outer, []string{"A=2", "B=1"}, []string{"A=2"}},
		{"what the project exports", outer, []string{"ENV_OF_PROJECT=1"}, nil},
		{"what the project exported, changed", outer, []string{"ENV_OF_PROJECT=2"}, []string{"ENV_OF_PROJECT=2"}},
		{"what is the shell's own", outer, []string{"PATH=/x", "PWD=/x", "PS1=$", "PURITY_READ=/", "DIRENV_DIFF=x", "BASH_FUNC_a%%=() { :; }", "_=x"}, nil},
		{"a list that is none", "not base64!", []string{"C=1"}, nil},
		{"a list that is cut", outer[:len(outer)-1], []string{"C=1"}, nil},
		{"an empty list", "", []string{"A=1"}, []string{"A=1"}},
	} {
		t.Setenv(Outer, tt.outer)
		if diff := cmp.Diff(tt.want, (Called{Environ: tt.environ}).Since(), cmp.Transformer("length", func(l []string) string { return strings.Join(l, " ") })); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
	os.Unsetenv(Outer)
	if got := (Called{Environ: []string{"C=1"}}).Since(); got != nil {
		t.Errorf("in no project: %q", got)
	}
	if got := AlsoKnown("not base64!", []string{"A=1"}); got != "not base64!" {
		t.Errorf("a list that is none became %q", got)
	}
}

// Whatever the list is, a variable that a shell had before is not new.
func FuzzSince(f *testing.F) {
	f.Add("A=1", Fingerprints([]string{"A=1"}))
	f.Add("A=1", "AAAA")
	f.Add("", "no list")
	f.Fuzz(func(t *testing.T, v, outer string) {
		if strings.ContainsRune(outer, 0) {
			t.Skip()
		}
		t.Setenv(Outer, AlsoKnown(outer, []string{v}))
		if got := (Called{Environ: []string{v}}).Since(); len(got) > 0 {
			t.Errorf("%q is new in %q", got, os.Getenv(Outer))
		}
	})
}
