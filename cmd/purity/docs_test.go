package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/enforce/selftest"
	"github.com/nix-purity/purity/fixtures"
)

// What README.md shows of the demo is what the demo prints, but for what differs
// from machine to machine.
func TestReadmeDemo(t *testing.T) {
	t.Parallel()
	fixtures.All(t)
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, ok := strings.Cut(string(readme), "<!-- demo -->\n```console\n")
	shown, _, ok2 := strings.Cut(shown, "```\n")
	if !ok || !ok2 {
		t.Fatal("README.md has no demo")
	}
	cmd := exec.Command("../../fixtures/demo", binary(t))
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	vary := []struct{ pattern, by string }{
		{`\S*/purity-demo-\w+`, "/tmp/demo"},
		{`in [0-9.]+ s: \d+ store`, "in 0.3 s: 47 store"},
		{`this machine has \S+,`, "this machine has /usr/bin/python3,"},
		{`pid \d+`, "pid 812"},
		{`\S*/store/\w{32}-`, "/nix/store/00000000000000000000000000000000-"},
		{`which is /usr/bin/\S+`, "which is /usr/bin/gcc"},
		{`host program\S* of \S+`, "host program of gcc"},
		{` +`, " "},
	}
	want, got := shown, string(out)
	for _, v := range vary {
		re := regexp.MustCompile(v.pattern)
		want, got = re.ReplaceAllString(want, v.by), re.ReplaceAllString(got, v.by)
	}
	if want != got {
		t.Errorf("README.md shows\n%s\nthe demo prints\n%s", want, got)
	}
}

// The purity.toml of README.md is one, with every key that is not for kernels,
// and its figures of the selftest are those of the vectors.
func TestReadmePolicy(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(readme), "<!-- purity.toml -->\n```toml\n")
	text, _, ok := strings.Cut(text, "```\n")
	if _, err := config.Parse("README.md", []byte(text)); err != nil || !ok {
		t.Errorf("purity.toml: %v", err)
	}
	stopped := func(v selftest.Variant, abi int) string {
		all, n := 0, 0
		for _, vector := range selftest.Vectors() {
			if v.Tries(vector, false) {
				all++
				if vector.Expected(v.On(abi, false)) == selftest.Stopped {
					n++
				}
			}
		}
		return fmt.Sprintf("%d of %d stopped", n, all)
	}
	for line := range strings.Lines(string(readme)) {
		m := regexp.MustCompile(`^\| [\d., ]+ \| ([\d, ]+) \| (\d+ of \d+ stopped) \| (\d+ of \d+ stopped) \|$`).FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		ok = false
		for abi := range strings.SplitSeq(m[1], ", ") {
			n, err := strconv.Atoi(abi)
			if err != nil {
				t.Fatal(err)
			}
			if dev, nix := stopped(selftest.Variants()[0], n), stopped(selftest.Variants()[1], n); m[2] != dev || m[3] != nix {
				t.Errorf("ABI %d: README.md says %s and %s, the vectors %s and %s", n, m[2], m[3], dev, nix)
			}
		}
	}
	if ok {
		t.Error("README.md has no figures of the selftest")
	}
}

// rooms are the table of CONTRIBUTING.md: a directory, and a pattern of what of ours it may
// import.
func rooms(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile("`([a-z/]+)`")
	allowed := map[string]string{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !name.MatchString(cells[1]) {
			continue
		}
		room := name.FindStringSubmatch(cells[1])[1]
		switch may := strings.TrimSpace(cells[3]); may {
		case "all below":
			allowed[room] = "(closure|enforce|nixeval|cmd/purity)(/.*)?"
		case "–", "nothing of ours":
			allowed[room] = "none"
		default:
			var names []string
			for _, m := range name.FindAllStringSubmatch(may, -1) {
				names = append(names, m[1])
			}
			allowed[room] = strings.Join(names, "|")
		}
	}
	return allowed
}

// The rooms of CONTRIBUTING.md: who may import whom, and which outside things
// have one owner.
func TestArrows(t *testing.T) {
	const module = "github.com/nix-purity/purity/"
	allowed := rooms(t)
	for dir := range strings.FieldsSeq("setup bench kernels kernels/init") { // programs
		allowed["fixtures/"+dir] = "fixtures"
	}
	owners := map[string]string{ // likewise, of outside things to the packages that may
		"github.com/alecthomas/kong":                            "cmd/purity(/complete|/manual)?",
		"github.com/rs/zerolog":                                 "cmd/purity(/screen|/watch)?",
		"github.com/landlock-lsm/go-landlock/landlock/syscall":  "enforce",
		"github.com/landlock-lsm/go-landlock/landlock":          "nobody",
		"github.com/nix-community/go-nix/pkg/narinfo":           "closure/binarycache",
		"github.com/nix-community/go-nix/pkg/narinfo/signature": "closure/binarycache",
		"github.com/pelletier/go-toml/v2":                       "cmd/purity/config",
		"golang.org/x/net/bpf":                                  "enforce/seccomp",
		"github.com/bmatcuk/doublestar/v4":                      "enforce/host",
		"mvdan.cc/sh/v3/syntax":                                 "cmd/purity/shell",
		"net/http":                                              "nobody", // Nix fetches
	}
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(strings.ReplaceAll(line, " "+module+"closure/hostile", "")) // which is for all
		pkg := strings.TrimPrefix(fields[0], module)
		pattern, known := allowed[pkg]
		if !known {
			t.Errorf("%s is not in the table", pkg)
		}
		for _, imported := range fields[1:] {
			if ours, ok := strings.CutPrefix(imported, module); ok && !regexp.MustCompile("^("+pattern+")$").MatchString(ours) {
				t.Errorf("%s imports %s", pkg, ours)
			}
			if owner, ok := owners[imported]; ok && !regexp.MustCompile("^("+owner+")$").MatchString(pkg) {
				t.Errorf("%s imports %s, which is %s's", pkg, imported, owner)
			}
		}
	}
}

// go.mod and go.sum are tidy, and nothing takes the store directory for granted.
func TestTidy(t *testing.T) {
	if out, err := exec.Command("go", "mod", "tidy", "-diff").CombinedOutput(); err != nil {
		t.Errorf("go mod tidy: %v\n%s", err, out)
	}
	literal := regexp.MustCompile(`"/nix/store`)
	for _, dir := range []string{".", "../../enforce", "../../closure", "../../closure/binarycache"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(file, "_test.go") && literal.Match(data) {
				t.Errorf("%s has the literal store directory", file)
			}
		}
	}
}
