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

// demoParts are the parts of the demo's output that differ from machine to machine, and the text that
// the picture of README.md shows in their place.
var demoParts = []struct{ pattern, by string }{
	{`\S*/purity-demo-\w+`, "/home/you"},
	{`in [0-9.]+ s: \d+ store`, "in 0.2 s: 47 store"},
	{`this machine has \S+,`, "this machine has /usr/bin/python3,"},
	{`pid \d+`, "pid 812"},
	{`\S*/store/\w{32}-`, "/nix/store/2006lbawar4drg071aaji04biq6hbxj6-"},
	{`which is /usr/bin/\S+`, "which is /usr/bin/gcc-12"},
	{`host program\S* of \S+`, "host program of gcc-12"},
}

// The pictures of README.md show the output of the demo: fixtures/picture/demo.txt is its output, and
// the pictures are drawn from that.
func TestReadmeDemo(t *testing.T) {
	t.Parallel()
	fixtures.Newest(t)
	cmd := exec.Command("../../fixtures/demo", binary(t))
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got := string(out)
	for _, v := range demoParts {
		got = regexp.MustCompile(v.pattern).ReplaceAllString(got, v.by)
	}
	got = strings.TrimSpace(got) + "\n"
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"demo.txt":  got,
		"light.svg": fixtures.Picture(got, fixtures.Light),
		"dark.svg":  fixtures.Picture(got, fixtures.Dark),
	} {
		path := filepath.Join("../../fixtures/picture", file)
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		shown, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(shown), want); diff != "" {
			t.Errorf("%s is out of date; go generate ./cmd/purity\n%s", path, diff)
		}
		if name := "fixtures/picture/" + file; file != "demo.txt" && !strings.Contains(string(readme), name) {
			t.Errorf("README.md does not show %s", name)
		}
	}
}

// otherwise are commands of README.md that run here in another form: without a network, with
// an end, or inside a dev shell.
var otherwise = map[string]string{
	"nix run github:nix-purity/purity -- exec -- make":          "purity exec -- make", // TestSlowFlake builds the flake
	"go install github.com/nix-purity/purity/cmd/purity@latest": "cd $ROOT && go build -o /dev/null github.com/nix-purity/purity/cmd/purity",
	"purity shell":                     "purity shell < /dev/null",
	`eval "$(purity hook bash)"`:       `eval "$(purity hook bash)" && purity off`,
	"purity exec --from-env -- make":   "nix develop -c bash -c 'purity exec --from-env -- make'",
	"nix develop --ignore-environment": "nix develop --ignore-environment -c /usr/bin/gcc --version",
	"purity selftest":                  "purity selftest --help", // TestSelftest attacks
	"make demo":                        "make -n -C $ROOT demo",  // TestReadmeDemo runs it
	"strace -f":                        "true",                   // TestStrace runs the one of the fixtures
	"test -e /usr/include/zlib.h":      "test -e /usr/include || true",
	"purity exec --view -- make":       "purity exec --view=auto -- make",
}

// Every command in README.md, also in its tables, runs.
func TestReadmeCommands(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	u := newUser(t, "self", fixtures.Newest(t))
	dir := u.project(t, "c")
	shell := "{ pkgs ? import <nixpkgs> { } }: pkgs.mkShell { packages = [ pkgs.jq ]; }\n"
	for name, text := range map[string]string{"shell.nix": shell, "purity.toml": "read = [\"/etc/motd\"]\nstrict-paths = false\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	shown := regexp.MustCompile("(?m)^    (\\w.*)$|`((?:purity|eval|nix|go|make|strace|test) [^`\n]+)`").FindAllStringSubmatch(string(readme), -1)
	if len(shown) < 20 {
		t.Errorf("README.md shows %d commands", len(shown))
	}
	commands := []string{"git add --all && purity allow"}
	for _, m := range shown {
		commands = append(commands, m[1]+m[2])
	}
	for _, command := range commands {
		line := command
		if other, ok := otherwise[command]; ok {
			line = other
		}
		cmd := exec.Command("bash", "-c", line)
		cmd.Dir = dir
		cmd.Env = append(u.environ, "ROOT="+root, "CGO_ENABLED=0", "NIX_CONFIG=extra-experimental-features = nix-command flakes", "GOCACHE="+goEnv(t, "GOCACHE"), "GOMODCACHE="+goEnv(t, "GOMODCACHE"),
			"PATH="+filepath.Dir(binary(t))+":"+u.nix.Bin+":"+os.Getenv("PATH"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", command, err, out)
		}
	}
}

// goEnv returns a setting of the go command.
func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
