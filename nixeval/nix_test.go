package nixeval

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nix-purity/purity/closure"
	"github.com/nix-purity/purity/fixtures"
)

func TestMain(m *testing.M) {
	fixtures.RunStandIn()
	os.Exit(m.Run())
}

// Every form in which a Nix can tell a closure gives the same closure.
func TestClosureOfVersions(t *testing.T) {
	const unknownFlag = "error: unrecognised flag '--json-format'\nTry 'nix --help' for more information.\n"
	object := `{"` + toolP + `":{"narSize":20,"references":["` + bashP + `","` + toolP + `"],"deriver":null},"` + bashP + `":{"narSize":100,"references":[]}}`
	array := `[{"path":"` + toolP + `","valid":true,"narSize":20,"references":["` + bashP + `"]},{"path":"` + bashP + `","narSize":100,"references":[]}]`
	tests := []struct {
		name    string
		answers []fixtures.Answer
		calls   int
	}{
		{"2.33 and later", []fixtures.Answer{{Call: "nix path-info --json -r " + toolP + " --json-format 1", Stdout: object}}, 1},
		{"2.19 to 2.32", []fixtures.Answer{
			{Call: "nix path-info --json -r " + toolP + " --json-format", Stderr: unknownFlag, Code: 1},
			{Call: "nix path-info --json -r " + toolP, Stdout: object},
		}, 2},
		{"2.4 to 2.18, and Lix", []fixtures.Answer{
			{Call: "nix path-info --json -r " + toolP + " --json-format", Stderr: unknownFlag, Code: 1},
			{Call: "nix path-info --json -r " + toolP, Stdout: array},
		}, 2},
		{"without nix-command", []fixtures.Answer{
			{Call: "nix path-info", Stderr: `@nix {"action":"msg","level":0,"msg":"error: experimental Nix feature 'nix-command' is disabled"}` + "\n", Code: 1},
			{Call: "nix-store --query --requisites " + toolP, Stdout: bashP + "\n" + toolP + "\n"},
			{Call: "nix-store --dump-db " + bashP + " " + toolP, Stdout: bashP + "\nsha256:x\n100\n\n0\n" + toolP + "\nsha256:x\n20\n\n2\n" + bashP + "\n" + toolP + "\n"},
		}, 3},
		{"an output nobody knows", []fixtures.Answer{
			{Call: "nix path-info", Stdout: `{"version":9,"paths":[]}`},
			{Call: "nix-store --query", Stdout: bashP + "\n" + toolP + "\n"},
			{Call: "nix-store --dump-db", Stdout: bashP + "\nsha256:x\n100\n\n0\n" + toolP + "\nsha256:x\n20\n\n1\n" + bashP + "\n"},
		}, 3},
	}
	want, err := closure.New(store, []closure.Path{toolP}, []closure.Node{{Path: bashP, NarSize: 100}, {Path: toolP, NarSize: 20, References: []closure.Path{bashP}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			environ, calls := fixtures.StandIn(t, tt.answers...)
			got, err := Nix{Environ: environ}.Closure(t.Context(), toolP)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
			if n := len(calls()); n != tt.calls {
				t.Errorf("%d calls, want %d: %q", n, tt.calls, calls())
			}
		})
	}
}

func TestClosureErrors(t *testing.T) {
	environ, _ := fixtures.StandIn(t, fixtures.Answer{Call: "nix path-info", Stderr: `@nix {"action":"msg","level":0,"msg":"\u001b[31;1merror:\u001b[0m path '` + toolP + `' is not valid"}` + "\n", Code: 1})
	var invalid *closure.InvalidPathError
	if _, err := (Nix{Environ: environ}).Closure(t.Context(), toolP); !errors.As(err, &invalid) || invalid.Path != toolP {
		t.Errorf("a path that is not valid: %v", err)
	}
	environ, _ = fixtures.StandIn(t, fixtures.Answer{Call: "nix path-info", Stdout: `{"` + toolP + `":{"references":["` + bashP + `"]}}`})
	if _, err := (Nix{Environ: environ}).Closure(t.Context(), toolP); err == nil || !strings.Contains(err.Error(), bashP+" is missing") {
		t.Errorf("a closure with a hole: %v", err)
	}
	environ, _ = fixtures.StandIn(t, fixtures.Answer{Call: "nix", Stderr: "killed\n", Code: 3})
	if _, err := (Nix{Environ: environ}).Closure(t.Context(), toolP); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("a Nix that fails: %v", err)
	}
	var absent *NotFoundError
	if _, err := (Nix{Environ: []string{"PATH=/nonexistent"}}).Closure(t.Context(), toolP); !errors.As(err, &absent) {
		t.Errorf("no Nix: %v", err)
	}
}

// The features purity needs are added to the user's settings.
func TestFeatures(t *testing.T) {
	for given, want := range map[string]string{
		"":                    features,
		"cores = 2":           "cores = 2\n" + features,
		"a = 1\nb = 2\nc = 3": "a = 1\nb = 2\nc = 3\n" + features,
	} {
		if diff := cmp.Diff([]string{"A=1", "B=2", "NIX_CONFIG=" + want}, withFeatures([]string{"A=1", "NIX_CONFIG=" + given, "B=2"})); diff != "" {
			t.Errorf("NIX_CONFIG=%q: %s", given, diff)
		}
	}
}

func TestParseFlakeRef(t *testing.T) {
	tests := map[string]flakeRef{
		"":                       {ref: ".", path: "/p", local: "/p"},
		".":                      {ref: ".", path: "/p", local: "/p"},
		".#ci":                   {ref: ".", attr: "ci", path: "/p", local: "/p"},
		"#ci":                    {ref: ".", attr: "ci", path: "/p", local: "/p"},
		"../q#a.b":               {ref: "../q", attr: "a.b", path: "/q", local: "/q"},
		"/x/y/":                  {ref: "/x/y/", path: "/x/y", local: "/x/y"},
		"path:.":                 {ref: "path:.", path: "/p", local: "/p", tree: true},
		"path:/x#a":              {ref: "path:/x", attr: "a", path: "/x", local: "/x", tree: true},
		"git+file:///x":          {ref: "git+file:///x", path: "/x", local: "/x"},
		"git+file:///x?ref=main": {ref: "git+file:///x?ref=main", local: "/x"},
		".?submodules=1":         {ref: ".?submodules=1", local: "/p"},
		".?dir=a&x=1#c":          {ref: ".?dir=a&x=1", attr: "c", local: "/p/a"},
		"github:a/b#c":           {ref: "github:a/b", attr: "c"},
		"nixpkgs#hello":          {ref: "nixpkgs", attr: "hello"},
		"https://x/y.tar.gz":     {ref: "https://x/y.tar.gz"},
	}
	for s, want := range tests {
		if diff := cmp.Diff(want, parseFlakeRef(s, "/p"), cmp.AllowUnexported(flakeRef{})); diff != "" {
			t.Errorf("%q: %s", s, diff)
		}
	}
}
