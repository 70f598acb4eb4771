package report

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nix-purity/purity/cmd/purity/screen"
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
