package selftest

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/expected.txt")

// table is the expected outcome of every vector: a row each, for each policy and
// each kind of user a column, in it a letter for each version of Landlock from 1
// to 11: s stopped, d open by design, O open; - where a user does not try.
func table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-28s", "")
	for _, v := range Variants() {
		fmt.Fprintf(&b, " %-11s %-11s", v.Name+"/user", v.Name+"/root")
	}
	b.WriteByte('\n')
	letters := map[Status]string{Stopped: "s", Design: "d", Open: "O"}
	for _, vector := range Vectors() {
		fmt.Fprintf(&b, "%-28s", vector.ID)
		for _, v := range Variants() {
			for _, root := range []bool{false, true} {
				b.WriteByte(' ')
				for abi := 1; abi <= 11; abi++ {
					if !v.Tries(vector, root) {
						b.WriteByte('-')
					} else {
						b.WriteString(letters[vector.Expected(v.On(abi, root))])
					}
				}
			}
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "\n%s, on every kernel; with what else the machine has\n", AcrossGroup)
	for _, l := range leftovers() {
		fmt.Fprintln(&b, strings.TrimRight(fmt.Sprintf("%-34s %s  %s", l.id, letters[l.expected()], strings.Join(l.needs, ", ")), " "))
	}
	return b.String()
}

// Across runs there are many vectors, each once and with a twin, most of them on any
// machine, and an open one has a reason.
func TestFiguresAcross(t *testing.T) {
	seen := map[string]bool{}
	anywhere, design := 0, 0
	for _, l := range leftovers() {
		if seen[l.id] {
			t.Errorf("there are two vectors %s", l.id)
		}
		seen[l.id] = true
		if l.what == "" || l.attack == nil || l.twin == nil {
			t.Errorf("%s lacks a sentence, an attack or a twin", l.id)
		}
		if len(l.needs) == 0 {
			anywhere++
		}
		if l.design != "" {
			design++
		}
	}
	if len(seen) < 130 || anywhere < 90 || design > 1 {
		t.Errorf("%d vectors, %d of them anywhere, %d open by design", len(seen), anywhere, design)
	}
}

// The table is checked in, so that nobody opens a hole without noticing.
func TestExpected(t *testing.T) {
	const name = "testdata/expected.txt"
	if *update {
		if err := os.WriteFile(name, []byte(table()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(data), "\n"), strings.Split(table(), "\n")); diff != "" {
		t.Errorf("if this is right, go test ./enforce/selftest -update\n%s", diff)
	}
}

// The promises in figures: many vectors, each of them once, each denial beside
// a twin, and by default few of them open.
func TestFigures(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range Vectors() {
		if seen[v.ID] {
			t.Errorf("there are two vectors %s", v.ID)
		}
		seen[v.ID] = true
		if v.twin == nil && (v.ABI > 0 || v.By&^(NoSockets|NoTerminals|Capabilities|View) != 0) {
			t.Errorf("%s has no twin", v.ID)
		}
		if v.What == "" || v.ABI == 0 && v.By == 0 && v.Design == "" {
			t.Errorf("%s is not said", v.ID)
		}
	}
	if len(seen) < 120 {
		t.Errorf("%d vectors", len(seen))
	}
	for _, c := range []struct{ abi, most, viewed int }{{2, 50, 10}, {7, 44, 9}} { // Linux 6.1, and 6.18
		for _, v := range Variants() {
			for _, root := range []bool{false, true} {
				open, most := 0, c.most
				for _, vector := range Vectors() {
					if status := vector.Expected(v.On(c.abi, root)); status != Stopped && v.Tries(vector, root) {
						open++
					}
				}
				if v.View {
					most = c.viewed
				}
				if open > most {
					t.Errorf("%s, root %v: %d are open with ABI %d", v.Name, root, open, c.abi)
				}
			}
		}
	}
}
