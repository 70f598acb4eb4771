package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nix-purity/purity/fixtures"
)

//go:generate go test -run ^(TestManual|TestReadmeDemo)$ . -update

// The committed pages are those of the command line, and groff has no complaint.
func TestManual(t *testing.T) {
	for _, page := range theManual(model()).Pages() {
		file := filepath.Join("man", page.Name+"."+string(rune('0'+page.Section)))
		if *update {
			if err := os.WriteFile(file, []byte(page.Roff()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(data), page.Roff()); diff != "" {
			t.Errorf("%s is out of date; go generate ./cmd/purity\n%s", file, diff)
		}
		shown, complaints := groff(t, file)
		if complaints != "" {
			t.Errorf("%s: %s", file, complaints)
		}
		if got, want := strings.Fields(shown), strings.Fields(page.Text(80, false)); !containsWords(got, want) {
			t.Errorf("man shows of %s something else than purity help does:\n%s", file, shown)
		}
	}
}

// groff formats a page with the groff of the fixtures.
func groff(t *testing.T, file string) (shown, complaints string) {
	t.Helper()
	path, environ := fixtures.Shells()
	usr := filepath.Dir(strings.Split(path, ":")[0])
	share, err := filepath.Glob(filepath.Join(usr, "share", "groff", "1.*"))
	if err != nil || len(share) != 1 {
		t.Fatalf("%v: %q", err, share)
	}
	cmd := exec.Command(filepath.Join(usr, "bin", "groff"), "-man", "-Tutf8", "-P-cbou", "-rLL=80n", "-ww", file)
	cmd.Env = append(environ, "PATH="+path+":/usr/bin:/bin", "GROFF_FONT_PATH="+filepath.Join(share[0], "font"), "GROFF_TMAC_PATH="+filepath.Join(share[0], "tmac"))
	var out, errors strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errors
	if err := cmd.Run(); err != nil {
		t.Fatalf("groff: %v\n%s", err, &errors)
	}
	return out.String(), errors.String()
}

// containsWords reports whether all has the words in this order.
func containsWords(all, words []string) bool {
	for _, word := range all {
		if len(words) > 0 && word == words[0] {
			words = words[1:]
		}
	}
	return len(words) == 0
}

// Commands and flags in the texts and the README exist.
func TestManualCommands(t *testing.T) {
	m := theManual(model())
	known := map[string]bool{"off": true, "on": true, "COMMAND": true} // of the hooks, and for any
	for _, e := range m.Commands() {
		command, _, _ := strings.Cut(e.Name, " ")
		known[command] = true
	}
	all := m.Pages()[0].Text(1000, false)
	files, err := filepath.Glob("manual/text/*.txt")
	if err != nil || len(files) != len(m.Topics()) { // each is a topic or a description of a page
		t.Errorf("%v: %d texts for %d topics", err, len(files), len(m.Topics()))
	}
	for _, file := range append(files, "../../README.md") {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("(?:`|    |\\()purity ([a-zA-Z-]+)").FindAllStringSubmatch(string(data), -1) {
			if !known[m[1]] {
				t.Errorf("%s speaks of purity %s", file, m[1])
			}
		}
		for _, m := range regexp.MustCompile("`[^`\n]*purity [^`\n]* (--[a-z-]+)").FindAllStringSubmatch(string(data), -1) {
			if !strings.Contains(all, m[1]) && m[1] != "--help" {
				t.Errorf("%s speaks of %s", file, m[1])
			}
		}
	}
}

// The manual names the variables that purity reads.
func TestManualEnvironment(t *testing.T) {
	page, _ := theManual(model()).Help("environment")
	text := page.Text(1000, false)
	usual := regexp.MustCompile(`^(HOME|PATH|SHELL|NIX_.*|LESS|GIT_DIR)$`)
	for _, pattern := range []string{"*.go", "config/*.go", "shim/*.go", "../../nixeval/*.go", "../../nixeval/inputs/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`(?:Getenv|LookupEnv)\("(\w+)"\)`).FindAllStringSubmatch(string(data), -1) {
				if !strings.HasSuffix(file, "_test.go") && !usual.MatchString(m[1]) && !strings.Contains(text, m[1]) {
					t.Errorf("%s reads %s, of which the manual says nothing", file, m[1])
				}
			}
		}
	}
}
