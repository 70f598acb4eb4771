package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	sarifschema "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/xeipuuv/gojsonschema"

	"github.com/nix-purity/purity/enforce/observe"
	"github.com/nix-purity/purity/enforce/overlay"
	"github.com/nix-purity/purity/fixtures"
)

var update = flag.Bool("update", false, "write the golden files")

var recordings = []string{"impure", "pure", "odd", "unwatched", "overlay"}

// recorded is the report that all golden files are made of.
func recorded(t *testing.T, name string) Report {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Every form of one recorded report is unchanged.
func TestGolden(t *testing.T) {
	for _, name := range recordings {
		r := recorded(t, name+".json")
		for _, format := range Formats {
			var out bytes.Buffer
			if err := r.Write(&out, format); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name+"."+format)
			if *update && format != "json" {
				if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), out.String()); diff != "" {
				t.Errorf("%s as %s (-want +got); if this is right, -update\n%s", name, format, diff)
			}
		}
	}
	if err := (Report{}).Write(&bytes.Buffer{}, "pdf"); err == nil {
		t.Error("there is a form pdf")
	}
}

// SARIF is valid by the schema of the standard.
func TestSARIF(t *testing.T) {
	for _, name := range recordings {
		var out bytes.Buffer
		if err := recorded(t, name+".json").Write(&out, "sarif"); err != nil {
			t.Fatal(err)
		}
		document, err := sarifschema.FromBytes(out.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		document.Runs[0].NewlineSequences = []string{"\n"} // the package adds an empty one, which the schema forbids
		if err := document.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever bytes names have, text for people is UTF-8 without control characters.
func TestOddBytes(t *testing.T) {
	name := "/out/bad\xff\x1b[31m\u202e\n"
	r := Report{Mode: "audit", Watched: true, Command: []string{name}, Environment: name, Defined: name, Project: "/", UnusedExceptions: []string{name}}
	f := Finding{Denial: observe.Denial{Path: name, Real: name + "x", Script: name, Access: "read", Kind: "data"}, Why: name, Hint: name, Where: name + ":1"}
	f.By.Program, f.By.Dir = name, "/"
	r.Findings, r.Excepted, r.Gone = []Finding{f}, []Finding{f}, []Finding{f}
	r.Unused, r.Paths = []Unused{{Path: name}}, []Path{{Path: name, Size: 1}}
	r.Overlay = &overlay.Result{Changes: []overlay.Change{{Path: name}}, Into: name, Not: []overlay.Unkept{{Path: name, Why: name}}}
	for _, format := range Formats {
		var out bytes.Buffer
		if err := r.Write(&out, format); err != nil {
			t.Fatal(err)
		}
		if text := out.String(); !utf8.ValidString(text) || strings.ContainsAny(text, "\x1b") || strings.Contains(text, "\u202e") && format != "json" && format != "sarif" {
			t.Errorf("%s:\n%q", format, text)
		}
	}
}

// The forms for machines can be read by others.
func TestForms(t *testing.T) {
	r := recorded(t, "impure.json")
	var out bytes.Buffer
	if err := r.Write(&out, "sarif"); err != nil {
		t.Fatal(err)
	}
	var sarif struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name  string
					Rules []struct{ ID string }
				}
			}
			Results []struct {
				RuleID    string
				Message   struct{ Text string }
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(out.Bytes(), &sarif); err != nil {
		t.Fatal(err)
	}
	results := sarif.Runs[0].Results
	if sarif.Version != "2.1.0" || len(results) != len(r.Findings) {
		t.Fatalf("%+v", sarif)
	}
	if at := results[0].Locations[0].PhysicalLocation; at.ArtifactLocation.URI != "Makefile" || at.Region.StartLine != 12 {
		t.Errorf("the first result is at %+v", at)
	}
	known := map[string]bool{}
	for _, rule := range sarif.Runs[0].Tool.Driver.Rules {
		known[rule.ID] = true
	}
	for _, result := range results {
		if !known[result.RuleID] || result.Message.Text == "" || filepath.IsAbs(result.Locations[0].PhysicalLocation.ArtifactLocation.URI) {
			t.Errorf("%+v", result)
		}
	}

	if file, line := (Finding{Where: "a.mk:3, and 1 more"}).location(Report{}); file != "a.mk" || line != 3 {
		t.Errorf("the first of several lines is %s:%d", file, line)
	}

	out.Reset()
	r.Findings[0].Path = "/a,b:c%\nd"
	if err := r.Write(&out, "github"); err != nil {
		t.Fatal(err)
	}
	if first, _, _ := strings.Cut(out.String(), "\n"); !strings.HasPrefix(first, "::error file=Makefile,line=12,title=Impure%3A /a%2Cb%3Ac%25\\nd::/a,b:c%25\\nd ") {
		t.Errorf("the first annotation is %s", first)
	}

	out.Reset()
	r.Findings[0].Path = "<script>alert(1)</script>"
	if err := r.Write(&out, "html"); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "<script>") || strings.Contains(out.String(), "http") {
		t.Error("the page lets code in, or needs something else")
	}
}

// The treemap covers the whole, each path by its share, none over another.
func TestTreemap(t *testing.T) {
	paths := []Path{{Path: "a", Size: 600}, {Path: "b", Size: 250}, {Path: "c", Size: 100}, {Path: "d", Size: 40}, {Path: "e", Size: 10}, {Path: "f"}}
	tiles := treemap(paths)
	area := 0.0
	for i, a := range tiles {
		area += a.W * a.H
		if share := float64(max(paths[i].Size, 1)) / 1001 * 10000; a.W*a.H < share*0.999 || a.W*a.H > share*1.001 {
			t.Errorf("%s has %v, want %v", a.Path, a.W*a.H, share)
		}
		for _, b := range tiles[:i] {
			if a.X < b.X+b.W-1e-9 && b.X < a.X+a.W-1e-9 && a.Y < b.Y+b.H-1e-9 && b.Y < a.Y+a.H-1e-9 {
				t.Errorf("%s lies over %s", a.Path, b.Path)
			}
		}
	}
	if len(tiles) != len(paths) || area < 9999.9 || area > 10000.1 {
		t.Errorf("%d tiles cover %v", len(tiles), area)
	}
}

func TestNew(t *testing.T) {
	r := recorded(t, "impure.json")
	earlier := r
	earlier.Findings = r.Findings[1:]
	if added := r.New(earlier); len(added) != 1 || added[0].Subject() != r.Findings[0].Subject() {
		t.Errorf("new are %+v", added)
	}
	earlier.Excepted = r.Findings[:1]
	if added := r.New(earlier); len(added) != 0 {
		t.Errorf("new are %+v", added)
	}
}

// A file that is no report is an error.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"version":1}`))
	f.Add([]byte(`{"version":2}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, format := range Formats {
			if err := r.Write(&bytes.Buffer{}, format); err != nil {
				t.Errorf("%s: %v", format, err)
			}
		}
	})
}

// The schema describes every field, and the recorded reports.
func TestSchema(t *testing.T) {
	var full Report
	fixtures.Fill(reflect.ValueOf(&full).Elem())
	full.Version, full.Mode = Version, "audit"
	for _, list := range [][]Finding{full.Findings, full.Excepted, full.Gone, full.Probes} {
		list[0].Access, list[0].Kind, list[0].Verdict = "read", "data", "predicted"
		list[0].Brings[0], list[0].More[0] = list[0].Denial, list[0].Denial
	}
	strict := strings.ReplaceAll(Schema, `"properties": {`, `"additionalProperties": false, "properties": {`)
	for _, r := range []Report{full, recorded(t, "impure.json"), recorded(t, "pure.json"), recorded(t, "odd.json"), recorded(t, "unwatched.json"), recorded(t, "overlay.json")} {
		result, err := gojsonschema.Validate(gojsonschema.NewStringLoader(strict), gojsonschema.NewGoLoader(r))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range result.Errors() {
			t.Error(e)
		}
	}
	result, err := gojsonschema.Validate(gojsonschema.NewStringLoader(strict), gojsonschema.NewGoLoader(struct{}{}))
	if err != nil || result.Valid() {
		t.Errorf("no report at all is valid: %v", err)
	}
}
