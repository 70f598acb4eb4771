package cause

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-purity/purity/enforce/observe"
)

// distinct are denials of all kinds, no two of which are one finding.
func distinct(dir string, n int) []observe.Denial {
	var all []observe.Denial
	for i := range n / 4 {
		made := opened("data", fmt.Sprintf("/var/out/%d/x", i), "/s/bin/make")
		made.Access, made.Entry, made.By.Dir = "write", true, dir
		package_ := fmt.Sprintf("/s/%032d-package-1/lib/x", i)
		all = append(all, made, opened("data", package_, "/s/bin/cat"),
			executed(fmt.Sprintf("/opt/%d/bin/tool", i), "/s/bin/make"), opened("header", fmt.Sprintf("/data/%d/x%d.h", i, i), "/s/bin/cc1 -I/data"))
	}
	return all
}

// Ten times as many findings take ten times as much, and not a hundred times: neither
// memory nor files that are opened.
func TestLinear(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "Makefile"), []byte(strings.Repeat("x:\n\ttouch /var/out/0/x\n", 20)), 0o644); err != nil {
		t.Fatal(err)
	}
	cost := func(n int) float64 {
		denials := distinct(dir, n)
		return testing.AllocsPerRun(1, func() {
			if got := len((Run{StoreDir: "/s", Anywhere: true}).Findings(denials)); got < n*3/4 {
				t.Fatalf("%d findings of %d denials", got, n)
			}
		})
	}
	few, many := cost(1000), cost(10_000)
	if ratio := many / few; ratio > 13 {
		t.Errorf("ten times as many findings take %.1f times as many allocations: %.0f and %.0f", ratio, few, many)
	}
	makefiles := newMakefiles()
	for _, d := range distinct(dir, 4000) {
		makefiles.whereAsked(d)
	}
	if n := len(makefiles.known); n != 2 { // of the project, and of one that is not there
		t.Errorf("makefiles of two directories were read %d times", n)
	}
}
