package closure

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nix-community/go-nix/pkg/storepath"
)

const (
	store = "/s"
	libP  = Path(store + "/00000000000000000000000000000000-lib-1.0")
	toolP = Path(store + "/11111111111111111111111111111111-tool-1.0")
	docP  = Path(store + "/22222222222222222222222222222222-doc")
	envP  = Path(store + "/33333333333333333333333333333333-shell-env")
	newP  = Path(store + "/44444444444444444444444444444444-lib-1.0")
)

func sample(t testing.TB) Closure {
	c, err := New(store, []Path{envP}, []Node{
		{Path: toolP, NarSize: 20, References: []Path{toolP, libP, libP}},
		{Path: libP, NarSize: 100},
		{Path: docP, NarSize: 3, References: []Path{toolP}},
		{Path: envP, NarSize: 1, References: []Path{docP, toolP}, Deriver: Path(store + "/55555555555555555555555555555555-shell-env.drv")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParse(t *testing.T) {
	hash := strings.Repeat("0", 32)
	tests := []struct {
		dir, s   string
		path     Path
		sub      string
		parses   bool // as a store path itself
		contains bool
	}{
		{"/s", "/s/" + hash + "-a", Path("/s/" + hash + "-a"), "", true, true},
		{"/nix/store", "/nix/store/" + hash + "-a+-._?=Z9", Path("/nix/store/" + hash + "-a+-._?=Z9"), "", true, true},
		{"/s", "/s/" + hash + "-a/bin/x", Path("/s/" + hash + "-a"), "bin/x", false, true},
		{"/s", "/s/" + hash + "-a/", Path("/s/" + hash + "-a"), "", false, true},
		{"/s", "/s/" + hash + "-a/../x", "", "", false, false},
		{"/s", "/s/" + hash + "-a//x", "", "", false, false},
		{"/s", "/s", "", "", false, false},
		{"/s", "/s/", "", "", false, false},
		{"/s", "/t/" + hash + "-a", "", "", false, false},
		{"/s", "/sx" + hash + "-a", "", "", false, false},
		{"", "/" + hash + "-a", "", "", false, false},
		{"s", "s/" + hash + "-a", "", "", false, false},
		{"/s", "/s/" + hash, "", "", false, false},
		{"/s", "/s/" + hash + "-", "", "", false, false},
		{"/s", "/s/" + hash + "xa", "", "", false, false},
		{"/s", "/s/" + strings.Repeat("e", 32) + "-a", "", "", false, false},
		{"/s", "/s/" + hash[1:] + "-a", "", "", false, false},
		{"/s", "/s/" + hash + "-a b", "", "", false, false},
		{"/s", "/s/" + hash + "-a\x00", "", "", false, false},
		{"/s", "/s/" + hash + "-ä", "", "", false, false},
		{"/s", "/s/" + hash + "-.", "", "", false, false},
		{"/s", "/s/" + hash + "-..-a", "", "", false, false},
		{"/s", "/s/" + hash + "-.a", Path("/s/" + hash + "-.a"), "", true, true},
		{"/s", "/s/" + hash + "-" + strings.Repeat("a", 211), Path("/s/" + hash + "-" + strings.Repeat("a", 211)), "", true, true},
		{"/s", "/s/" + hash + "-" + strings.Repeat("a", 212), "", "", false, false},
	}
	for _, tt := range tests {
		p, sub, err := Within(tt.dir, tt.s)
		if p != tt.path || sub != tt.sub || (err == nil) != tt.contains {
			t.Errorf("Within(%q, %q) = %q, %q, %v", tt.dir, tt.s, p, sub, err)
		}
		if p, err := Parse(tt.dir, tt.s); (err == nil) != tt.parses || err == nil && string(p) != tt.s {
			t.Errorf("Parse(%q, %q) = %q, %v", tt.dir, tt.s, p, err)
		}
	}
	p := toolP
	if got := []string{p.Dir(), p.Base(), p.Hash(), p.Name()}; !cmp.Equal(got, []string{"/s", "11111111111111111111111111111111-tool-1.0", "11111111111111111111111111111111", "tool-1.0"}) {
		t.Errorf("parts of %s: %q", p, got)
	}
}

// Our check of the syntax and go-nix's agree, but for names that go-nix is known to
// let through: names that are too long, and such as "." that Nix refuses.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"a", "", ".", "a b", strings.Repeat("a", 300), "ä", "..-x"} {
		f.Add(strings.Repeat("0", 32) + "-" + name)
		f.Add(strings.Repeat("e", 32) + "-" + name)
	}
	f.Fuzz(func(t *testing.T, base string) {
		ours := checkBase(base) == nil
		parsed, err := storepath.FromString(base)
		theirs := err == nil && parsed.String() == base
		if ours && !theirs {
			t.Errorf("%q is a store path for us and not for go-nix: %v", base, err)
		}
		if theirs && !ours {
			name := base[hashLen+1:]
			first, _, _ := strings.Cut(name, "-")
			if name != "" && len(name) <= maxName && first != "." && first != ".." {
				t.Errorf("%q is a store path for go-nix and not for us", base)
			}
		}
	})
}

func TestClosure(t *testing.T) {
	c := sample(t)
	if got, want := c.Paths(), []Path{libP, toolP, docP, envP}; !cmp.Equal(got, want) {
		t.Errorf("paths %v, want %v", got, want)
	}
	if c.NarSize() != 124 || c.ClosureSize(toolP) != 120 || c.ClosureSize(libP) != 100 {
		t.Errorf("sizes %d, %d, %d", c.NarSize(), c.ClosureSize(toolP), c.ClosureSize(libP))
	}
	if got, want := c.Why(libP), []Path{envP, toolP, libP}; !cmp.Equal(got, want) {
		t.Errorf("why %v, want %v", got, want)
	}
	if got := c.Why(newP); got != nil {
		t.Errorf("why %v of what is not in it", got)
	}
	if n, ok := c.Node(toolP); !ok || !cmp.Equal(n.References, []Path{libP}) {
		t.Errorf("node %v: references are sorted, once each, without itself", n)
	}
	if (Closure{}).Contains(libP) || (Closure{}).Why(libP) != nil || (Closure{}).NarSize() != 0 {
		t.Error("the zero closure is not empty")
	}
	for _, tt := range []struct {
		roots []Path
		nodes []Node
		want  string
	}{
		{[]Path{envP}, nil, "root " + string(envP) + " is missing"},
		{[]Path{toolP}, []Node{{Path: toolP, References: []Path{libP}}}, string(libP) + " is missing, which " + string(toolP) + " refers to"},
	} {
		if _, err := New(store, tt.roots, tt.nodes); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("New: %v, want %q", err, tt.want)
		}
	}
}

func TestDiff(t *testing.T) {
	old := sample(t)
	other, err := New(store, []Path{docP}, []Node{{Path: docP, NarSize: 3, References: []Path{newP}}, {Path: newP, NarSize: 90}})
	if err != nil {
		t.Fatal(err)
	}
	tool, _ := old.Node(toolP)
	env, _ := old.Node(envP)
	want := Difference{Removed: []Node{env, tool}, Changed: []Change{{Old: Node{Path: libP, NarSize: 100}, New: Node{Path: newP, NarSize: 90}}}}
	if diff := cmp.Diff(want, old.Diff(other)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Difference{}, old.Diff(old)); diff != "" {
		t.Error(diff)
	}
}

func TestJSON(t *testing.T) {
	c := sample(t)
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var back Closure
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, back); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{`{}`, `{"version":2,"storeDir":"/s"}`, `{"version":1,"storeDir":"/s","roots":["` + string(libP) + `"]}`, `{"version":1,"storeDir":"/t","paths":[{"path":"` + string(libP) + `"}]}`} {
		if err := json.Unmarshal([]byte(bad), &back); err == nil {
			t.Errorf("%s is taken for a closure", bad)
		}
	}
}

func ExampleClosure_WriteDOT() {
	c, _ := New(store, []Path{toolP}, []Node{{Path: toolP, References: []Path{libP}}, {Path: libP}})
	var b bytes.Buffer
	c.WriteDOT(&b)
	fmt.Print(b.String())
	// Output:
	// digraph closure {
	// 	node [shape=box];
	// 	"00000000000000000000000000000000-lib-1.0" [label="lib-1.0"];
	// 	"11111111111111111111111111111111-tool-1.0" [label="tool-1.0"];
	// 	"11111111111111111111111111111111-tool-1.0" -> "00000000000000000000000000000000-lib-1.0";
	// }
}

func TestParsePathInfo(t *testing.T) {
	want := []Node{{Path: toolP, NarSize: 840, References: []Path{toolP, libP}, Deriver: envP}}
	forms := map[string]string{
		"2.3":          `[{"path":"` + string(toolP) + `","narHash":"sha256:x","narSize":840,"references":["` + string(toolP) + `","` + string(libP) + `"],"deriver":"` + string(envP) + `"}]`,
		"2.15 and Lix": `[{"valid":true,"path":"` + string(toolP) + `","narSize":840,"references":["` + string(toolP) + `","` + string(libP) + `"],"deriver":"` + string(envP) + `"}]`,
		"2.26":         `{"` + string(toolP) + `":{"ca":null,"deriver":"` + string(envP) + `","narSize":840,"references":["` + string(toolP) + `","` + string(libP) + `"],"signatures":[],"ultimate":true}}`,
		"format 1":     `{"` + string(toolP) + `":{"deriver":"` + string(envP) + `","narSize":840,"references":["` + string(toolP) + `","` + string(libP) + `"],"storeDir":"/s","version":1}}`,
		"format 2":     `{"info":{"` + toolP.Base() + `":{"ca":{"method":"nar"},"deriver":"` + envP.Base() + `","narSize":840,"references":["` + toolP.Base() + `","` + libP.Base() + `"],"version":2}},"storeDir":"/s","version":2}`,
		"format 3":     `{"info":{"` + toolP.Base() + `":{"deriver":"` + envP.Base() + `","narSize":840,"references":["` + toolP.Base() + `","` + libP.Base() + `"],"signatures":[{"keyName":"k","sig":"s"}]}},"storeDir":"/s","version":3}`,
	}
	for name, data := range forms {
		got, err := ParsePathInfo([]byte(data), store)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	for name, data := range map[string]string{
		"array":  `[{"path":"` + string(libP) + `","valid":false}]`,
		"object": `{"` + string(libP) + `":null}`,
	} {
		var invalid *InvalidPathError
		if _, err := ParsePathInfo([]byte(data), store); !errors.As(err, &invalid) || invalid.Path != string(libP) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range []string{``, `null_`, `[null]`, `[{"path":"/etc/passwd"}]`, `{"/etc/passwd":{}}`, `{"info":{"../x":{}},"storeDir":"/s","version":2}`, `{"info":{},"storeDir":"/t","version":2}`, `[{"path":"` + string(libP) + `","references":["/x"]}]`} {
		if nodes, err := ParsePathInfo([]byte(bad), store); err == nil {
			t.Errorf("%s gives %v", bad, nodes)
		}
	}
	if nodes, err := ParsePathInfo([]byte(`{}`), store); err != nil || len(nodes) != 0 {
		t.Errorf("nothing: %v, %v", nodes, err)
	}
}

func TestFiles(t *testing.T) {
	paths, err := ParseStorePaths(strings.NewReader(string(toolP)+"\n\n"+string(libP)+"\n"+string(toolP)), store)
	if diff := cmp.Diff([]Path{libP, toolP}, paths); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	var b bytes.Buffer
	if err := WriteStorePaths(&b, paths); err != nil || b.String() != string(libP)+"\n"+string(toolP)+"\n" {
		t.Errorf("%v %q", err, b.String())
	}
	for _, bad := range []string{"x\n", string(libP) + "/bin\n", " " + string(libP) + "\n", strings.Repeat("x", maxLine+1)} {
		if _, err := ParseStorePaths(strings.NewReader(bad), store); err == nil {
			t.Errorf("%.40q is taken for store paths", bad)
		}
	}
	registration := string(toolP) + "\nsha256:x\n840\n" + string(envP) + "\n1\n" + string(libP) + "\n" + string(libP) + "\nx\n2\n\n0\n"
	nodes, err := ParseRegistration(strings.NewReader(registration), store)
	want := []Node{{Path: toolP, NarSize: 840, References: []Path{libP}, Deriver: envP}, {Path: libP, NarSize: 2}}
	if diff := cmp.Diff(want, nodes); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	for _, bad := range []string{"x", string(libP), string(libP) + "\nx\nmany\n\n0\n", string(libP) + "\nx\n2\n\n1\n", string(libP) + "\nx\n2\n\n-1\nx\n"} {
		if _, err := ParseRegistration(strings.NewReader(bad), store); err == nil {
			t.Errorf("%q is taken for a registration", bad)
		}
	}
}

func FuzzParsers(f *testing.F) {
	f.Add([]byte(`{"info":{},"version":2}`))
	f.Add([]byte(string(libP) + "\nx\n2\n\n0\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		check := func(p Path) {
			if got, err := Parse(store, string(p)); err != nil || got != p {
				t.Errorf("%q comes out as a store path", p)
			}
		}
		nodes, _ := ParsePathInfo(data, store)
		more, _ := ParseRegistration(bytes.NewReader(data), store)
		for _, n := range append(nodes, more...) {
			check(n.Path)
			for _, r := range n.References {
				check(r)
			}
		}
		paths, _ := ParseStorePaths(bytes.NewReader(data), store)
		for _, p := range paths {
			check(p)
		}
	})
}

func BenchmarkParseStorePaths(b *testing.B) {
	var text strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&text, "/nix/store/%032d-package-%d\n", i, i)
	}
	for b.Loop() {
		if _, err := ParseStorePaths(strings.NewReader(text.String()), "/nix/store"); err != nil {
			b.Fatal(err)
		}
	}
}
