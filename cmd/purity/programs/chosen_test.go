package programs

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/nixeval"
)

// Declared programs and builders are confined, programs that come with every dev shell are
// the user's own, and settings have the last word.
func TestChoose(t *testing.T) {
	p := newPlace(t)
	declared := []string{p.Package("hello", "hello", "curl"), p.Package("busybox", "vi")}
	undeclared := []string{p.Package("coreutils", "cat", "env"), p.Package("gcc-wrapper", "cc", "gcc"), p.Package("gawk", "awk"), p.Package("bash", "bash")}
	told, untold := p.remember("told", declared, undeclared), p.remember("untold", slices.Concat(declared, undeclared), nil)
	for _, tt := range []struct {
		name   string
		env    nixeval.Environment
		choice shim.Choice
		want   string
		count  int
		own    string
	}{
		{"by itself", told, shim.Choice{}, "awk bash cc curl env gcc hello vi", 5, "cat"},
		{"with one more", told, shim.Choice{Add: []string{"cat"}}, "awk bash cat cc curl env gcc hello vi", 6, ""},
		{"a starter, always", told, shim.Choice{Add: []string{"env"}}, "awk bash cc curl env gcc hello vi", 6, "cat"},
		{"without one that is declared", told, shim.Choice{Remove: []string{"curl"}}, "awk bash cc env gcc hello vi", 4, "cat curl"},
		{"without a builder", told, shim.Choice{Remove: []string{"gcc"}}, "awk bash cc curl env hello vi", 4, "cat gcc"},
		{"without a starter", told, shim.Choice{Remove: []string{"env"}}, "awk bash cc curl gcc hello vi", 5, "cat env"},
		{"in both lists", told, shim.Choice{Add: []string{"curl"}, Remove: []string{"curl"}}, "awk bash cc curl env gcc hello vi", 5, "cat"},
		{"one that is not there", told, shim.Choice{Add: []string{"jq"}}, "awk bash cc curl env gcc hello vi", 5, "cat"},
		{"where nobody tells what is declared", untold, shim.Choice{}, "awk bash cat cc curl env gcc hello vi", 9, ""},
	} {
		set := shim.Set{Choice: tt.choice, Own: []string{"from before"}}
		got := strings.Join(choose(tt.env, &set), " ")
		if got != tt.want || set.Count != tt.count || strings.Join(set.Own, " ") != tt.own {
			t.Errorf("%s: %s, %d of them always, own %q; want %s, %d, %q", tt.name, got, set.Count, set.Own, tt.want, tt.count, tt.own)
		}
	}
	warnings := unknown(told, shim.Choice{Add: []string{"cat", "jq"}, Remove: []string{"yq"}})
	if len(warnings) != 2 || !strings.HasSuffix(warnings[0].Text, "has no program jq") || !strings.HasSuffix(warnings[1].Text, "has no program yq") {
		t.Errorf("%q", warnings)
	}
}

// Equal choices have one identity, and other choices another.
func TestIdentityOf(t *testing.T) {
	seen := map[string]shim.Choice{}
	for _, c := range []shim.Choice{{}, {Add: []string{"a"}}, {Remove: []string{"a"}}, {Add: []string{"a", "b"}}, {Add: []string{"a b"}}, {Add: []string{"a"}, Remove: []string{"b"}}} {
		if other, ok := seen[IdentityOf(c)]; ok {
			t.Errorf("%+v is %+v", c, other)
		}
		seen[IdentityOf(c)] = c
	}
	if IdentityOf(shim.Choice{Add: []string{}}) != "" {
		t.Error("an empty list is a choice")
	}
}

// A starter or interpreter that only comes with the dev shell is the user's own, unless it
// starts something of the project, or runs a file.
func TestOwnStart(t *testing.T) {
	p := newPlace(t)
	for _, name := range []string{"env", "nohup", "awk", "sed", "bash", "cat"} {
		p.Program("host/"+name, "")
	}
	p.Program("project/run", "")
	p.Program("elsewhere/run", "")
	by := ByPath{Project: p.At("project"), Store: p.At("store")}
	set := shim.Set{Starters: []string{"env", "nohup", "awk", "sed", "bash", "xargs"}}
	t.Chdir(p.At("project"))
	for _, tt := range []struct {
		line string
		want bool
	}{
		{"env", true}, {"env A=b make", true}, {"nohup make", true}, {"env @/elsewhere/run", true},
		{"env ./run", false}, {"env @/project/run", false}, {"nohup nice @/project/run", false}, {"env @/store/x/bin/y", false}, {"env ./later", false},
		{"env A=./run make", true}, {"env A-B=./run", false}, // a word that is no variable could be a file
		{"awk {print}", true}, {"awk -F: {print}", true}, {"awk -f report.awk", false}, {"awk --file=report.awk", false}, {"awk --exec report.awk", false}, {"awk -vA=b -f x", false},
		{"sed s/a/b/ file", true}, {"sed -i s/a/b/ file", true}, {"sed -f x", false}, {"awk -i inplace {print}", false},
		{"bash", false}, {"bash -c :", false}, // nobody types here
		{"xargs make", false}, // the user has none
		{"cat file", false},   // it has no such shim
	} {
		words := strings.Fields(strings.ReplaceAll(tt.line, "@", p.Dir))
		if got := ownStart(set, words[0], words[1:], by); got != tt.want {
			t.Errorf("%s: the user's own is %v", tt.line, got)
		}
	}
}

// The shims are made anew for a choice that purity.toml makes now, once that was allowed.
func TestRechoose(t *testing.T) {
	const more = `shims = { add = ["cat"], remove = ["hello"] }`
	for _, tt := range []struct {
		name, toml string
		project    bool   // allowed
		file       bool   // purity.toml is, too
		instead    string // the file that took the place of purity.toml when the shims were made
		want       []string
	}{
		{"nothing", "", true, true, "", []string{"by-path", "hello"}},
		{"another choice", more, true, true, "", []string{"by-path", "cat"}},
		{"one in a project that was not allowed", more, false, true, "", []string{"by-path", "hello"}},
		{"one in a file that was not allowed", more, true, false, "", []string{"by-path", "hello"}},
		{"a file that cannot be read", "shims = 1", true, true, "", []string{"by-path", "hello"}},
		{"a file beside it", more, true, true, "@/elsewhere/given.toml", []string{"by-path", "hello"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t)
			env := p.remember("key", []string{p.Package("hello", "hello")}, []string{p.Package("coreutils", "cat")})
			dir, set := p.At("cache/shims"), shim.Set{Request: p.request(), Config: strings.ReplaceAll(tt.instead, "@", p.Dir)}
			if _, err := rewrite(dir, set, env, "/purity"); err != nil {
				t.Fatal(err)
			}
			if tt.toml != "" {
				p.Write("project/purity.toml", tt.toml)
			}
			p.Write("elsewhere/given.toml", more)
			if tt.project {
				p.allow()
			}
			if tt.file {
				p.allowFile()
			}
			if _, err := Rechoose(p.call().Voice, p.nix(), p.project(), dir, set, env); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, p.list("cache/shims")); diff != "" {
				t.Error(diff)
			}
			if shim.Of(dir) != "/purity" {
				t.Errorf("they start %s", shim.Of(dir))
			}
		})
	}
}

// Only an absolute directory that has shims is one of shims.
func TestShimsIn(t *testing.T) {
	p := newPlace(t)
	for _, dir := range []string{"one", "two"} {
		if err := (shim.Set{}).Write(p.At(dir), "/purity", nil); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(p.Dir)
	for path, want := range map[string]string{
		"": "", "@/host": "", "@/host:@/two:@/one": "@/two", "one": "", ".": "", "@/two/../one": "@/two/../one", "@/one/make": "",
	} {
		if got := ShimsIn(strings.ReplaceAll(path, "@", p.Dir)); got != strings.ReplaceAll(want, "@", p.Dir) {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
