package report

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/enforce/observe"
)

// Text ends lines at the width of a terminal, but breaks no path and nothing that
// is to be pasted.
func TestWidth(t *testing.T) {
	var out bytes.Buffer
	if err := recorded(t, "impure.json").Text(&out, screen.Style{Bold: true, Width: 60}); err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "impure.60")
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Error(diff)
	}
}

// Hints that would be the same key twice are one line besides.
func TestTogether(t *testing.T) {
	text := func(lines ...string) string {
		r := Report{Watched: true}
		for _, line := range lines {
			r.Findings = append(r.Findings, Finding{Hint: InPolicy + line})
		}
		var out bytes.Buffer
		if err := r.Text(&out, screen.Style{Width: 40}); err != nil {
			t.Fatal(err)
		}
		_, after, _ := strings.Cut(out.String(), "\npurity: all of it, in purity.toml:\n")
		return after
	}
	for _, tt := range []struct {
		want  string
		lines []string
	}{
		{"", nil},
		{"", []string{`read = ["/a"]`, `write = ["/a"]`, `read = ["/a"]`}},
		{"  read = [\"/a\", \"/b c\"]\n  write = [\"/x\"]\n", []string{`read = ["/a"]`, `write = ["/x"]`, `read = ["/b c"]`}},
		{"  read = [\n    \"/a\",\n    \"/b\",\n    \"/c\",\n    \"/d\",\n  ]\n", []string{`read = ["/a"]`, `read = ["/b"]`, `read = ["/c"]`, `read = ["/d"]`}},
	} {
		if diff := cmp.Diff(tt.want, text(tt.lines...)); diff != "" {
			t.Errorf("%q\n%s", tt.lines, diff)
		}
	}
}

// A finding says how much it stands for, and two reports differ by that, too; but not by
// what a program brings along.
func TestMore(t *testing.T) {
	read := func(path string) observe.Denial {
		return observe.Denial{Access: "read", Kind: "data", Path: path, Errno: "EACCES"}
	}
	f := Finding{Denial: read("/opt/x/a/1"), Verdict: "would be", Why: "why", Brings: []observe.Denial{read("/b"), {Kind: "program"}}, More: []observe.Denial{read("/opt/x/a/2"), read("/opt/x/b/1")}}
	r := Report{Watched: true, Findings: []Finding{f}}
	var out bytes.Buffer
	if err := r.Text(&out, screen.Style{}); err != nil {
		t.Fatal(err)
	}
	const want = "\npurity: 3 files outside the environment were used\n  /opt/x/a/1   read, and 1 program and 1 file that it uses: would be EACCES\n    and 2 more files in /opt/x\n    why\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	for _, tt := range []struct {
		then []observe.Denial // that the earlier report has, each as a finding of its own
		want int
	}{
		{[]observe.Denial{read("/opt/x/a/1"), read("/opt/x/a/2"), read("/opt/x/b/1")}, 0},
		{[]observe.Denial{read("/opt/x/a/1"), read("/opt/x/a/2")}, 1},
	} {
		var earlier Report
		for _, d := range tt.then {
			earlier.Findings = append(earlier.Findings, Finding{Denial: d})
		}
		if got := len(r.New(earlier)); got != tt.want {
			t.Errorf("%d are new, want %d", got, tt.want)
		}
		if got := len(earlier.New(r)); got != 0 {
			t.Errorf("%d are gone", got)
		}
	}
}

// People get as many findings as they read, machines all, in time that grows as the
// findings do.
func TestMany(t *testing.T) {
	made := func(n int) Report {
		r := Report{Watched: true, Mode: "audit"}
		for i := range n {
			path := fmt.Sprintf("/data/%d", i)
			r.Findings = append(r.Findings, Finding{Denial: observe.Denial{Access: "read", Kind: "data", Path: path}, Why: "why", Hint: InPolicy + `read = ["` + path + `"]`})
		}
		return r
	}
	written := func(n int, format string) (string, float64) {
		r := made(n)
		var out bytes.Buffer
		allocations := testing.AllocsPerRun(1, func() {
			out.Reset()
			if err := r.Write(&out, format); err != nil {
				t.Fatal(err)
			}
		})
		return out.String(), allocations
	}
	text, _ := written(10_000, "text")
	if lines := strings.Count(text, "\n"); lines > 4*most || !strings.Contains(text, "\n  and 9960 more; ") || !strings.Contains(text, "would be 10000 paths; purity learn writes them\n") {
		t.Errorf("%d lines:\n%.300s", lines, text)
	}
	if data, _ := written(10_000, "json"); strings.Count(data, `"why":`) != 10_000 {
		t.Error("JSON has not all")
	}
	for _, format := range Formats {
		_, few := written(1000, format)
		_, many := written(10_000, format)
		if many > 13*few {
			t.Errorf("%s: ten times as many findings take %.1f times as many allocations", format, many/few)
		}
	}
}
