package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nix-purity/purity/fixtures"
)

var update = flag.Bool("update", false, "write what is printed to testdata")

// varying are the parts of recorded output that differ from machine to machine.
var varying = []struct{ pattern, by string }{
	{`[^\s']*/purity-(session|test)-\w+`, "/home/user"},
	{`shell-\w{8}-\w{8}`, "shell-00000000-00000000"},
	{`direnv-\w{8}\b`, "direnv-00000000"},
	{`, in /\S+/(nix-build-)?[\w.-]+/project\)`, ", in /build/project)"},
	{`/\S*/purity-bin-\w+`, "/usr/local/bin"},
	{`, [0-9.]+ s\b`, ", 0.3 s"},
	{`in [0-9.]+ s: \d+ store`, "in 0.3 s: 47 store"},
	{`: \d+ store paths`, ": 47 store paths"},
	{`\d+ programs confined, \d+ your own`, "99 programs confined, 152 your own"},
	{`pid \d+`, "pid 812"},
	{`/\S*?/store/\w{32}-`, "/nix/store/00000000000000000000000000000000-"},
	{`(projects/\w+)-\w{16}`, "$1-0000000000000000"},
	{`(?m)^Debian GNU/Linux \S+$`, "Debian GNU/Linux 12"},
	{`which is /usr/bin/\S+`, "which is /usr/bin/gcc"},
	{`host (\w+) of \S+ \(dpkg\)`, "host $1 of gcc (dpkg)"},
}

// golden compares a recording with the one in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	got = strings.ReplaceAll(strings.TrimLeft(got, "\n"), fixtures.Dir(), "/fixtures")
	for _, v := range varying {
		got = regexp.MustCompile(v.pattern).ReplaceAllString(got, v.by)
	}
	file := filepath.Join("testdata", "sessions", name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	expected := string(want)
	if viewed() {
		expected, got = alike(t, "sessions/"+name+".txt", expected), alike(t, "*", got)
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("%s (-recorded +now):\n%s", file, diff)
	}
}
