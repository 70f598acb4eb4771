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
)

// The purity.toml files of README.md and of the topic policy are valid.
func TestDocumentedPolicies(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, first, _ := strings.Cut(string(readme), "```toml\n")
	first, _, _ = strings.Cut(first, "```\n")
	topic, err := os.ReadFile("manual/text/policy.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, second, _ := strings.Cut(string(topic), "# A file for a project\n")
	second, _, _ = strings.Cut(second, "\n# ")
	second = strings.Join(regexp.MustCompile("(?m)^    .*\n").FindAllString(second, -1), "")
	for name, text := range map[string]string{"README.md": first, "policy.txt": second} {
		file, err := config.Parse(name, []byte(text))
		if err != nil || len(file.Settings.Read) == 0 {
			t.Errorf("%s: %v: %q", name, err, text)
		}
	}
}

// countOf returns the number of attacks of a variant with an outcome on a kernel, and that of all.
func countOf(v selftest.Variant, abi int, root bool, outcome selftest.Status) string {
	all, n := 0, 0
	for _, vector := range selftest.Vectors() {
		if v.Tries(vector, root) {
			all++
			if vector.Expected(v.On(abi, root)) == outcome {
				n++
			}
		}
	}
	return fmt.Sprintf("%d of %d", n, all)
}

// The figures of the selftest in SECURITY.md are those of the vectors.
func TestSelftestFigures(t *testing.T) {
	text, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile("../../enforce/selftest/testdata/expected.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, across, _ := strings.Cut(string(table), "\n"+selftest.AcrossGroup)
	layered := 0
	for _, vector := range selftest.Vectors() {
		if vector.Layered {
			layered++
		}
	}
	for _, want := range []string{
		fmt.Sprintf("There are %d attacks within a run", len(selftest.Vectors())),
		fmt.Sprintf("%d of them attack the overlay", layered),
		fmt.Sprintf("%d more attacks go from one run to the next", strings.Count(across, "\n")-1),
		countOf(selftest.Variants()[2], 11, true, selftest.Design) + " attacks stay open",
	} {
		if !strings.Contains(strings.Join(strings.Fields(string(text)), " "), want) {
			t.Errorf("SECURITY.md lacks %q", want)
		}
	}
	figures := regexp.MustCompile(`(?m)^\| [^|]+ \| ([\d, ]+) \| (\d+ of \d+) stopped \| (\d+ of \d+) stopped \| (\d+ of \d+) stopped \|$`)
	rows := figures.FindAllStringSubmatch(string(text), -1)
	if len(rows) < 3 {
		t.Errorf("SECURITY.md has %d rows of figures", len(rows))
	}
	for _, m := range rows {
		for abi := range strings.SplitSeq(m[1], ", ") {
			n, err := strconv.Atoi(abi)
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range selftest.Variants() {
				if want := countOf(v, n, false, selftest.Stopped); m[2+i] != want {
					t.Errorf("ABI %d, %s: SECURITY.md says %s, the vectors %s", n, v.Name, m[2+i], want)
				}
			}
		}
	}
}

// rooms returns the table of CONTRIBUTING.md: a pattern of our packages that a directory may
// import, by directory.
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

// Packages import only those that CONTRIBUTING.md lists, and a dependency only
// in the package that owns it.
func TestArrows(t *testing.T) {
	const module = "github.com/nix-purity/purity/"
	allowed := rooms(t)
	for dir := range strings.FieldsSeq("setup bench kernels kernels/init") { // programs
		allowed["fixtures/"+dir] = "fixtures"
	}
	owners := map[string]string{ // dependencies, and a pattern of packages that may import them
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
		fields := strings.Fields(strings.ReplaceAll(line, " "+module+"closure/hostile", "")) // every package may import it
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
