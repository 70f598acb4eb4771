package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nix-purity/purity/fixtures"
)

// purity finds the files that strace sees of the same command, run in the same
// environment: the same set of paths outside.
func TestAgainstStrace(t *testing.T) {
	t.Parallel()
	u, dir, outside := impureProject(t)
	environ := strings.Split(strings.TrimRight(u.run(t, 0, dir, "exec", "-q", "--keep", "CERTIFICATE", "--set", dontWrite, "--", "env", "-0"), "\x00"), "\x00")
	temp := filepath.Join(dir, ".temp") // because the TMPDIR of the run is gone
	if err := os.Mkdir(temp, 0o755); err != nil {
		t.Fatal(err)
	}
	environ = append(environ, "TMPDIR="+temp)
	shell := strings.TrimSpace(u.run(t, 0, dir, "exec", "-q", "--", "sh", "-c", "command -v bash"))
	type grant struct{ Path, Reason string }
	var policy struct{ Grants []grant }
	if err := json.Unmarshal([]byte(u.run(t, 0, dir, "policy", "-q", "--json")), &policy); err != nil {
		t.Fatal(err)
	}
	inside := func(path string) bool {
		return strings.Contains(path, "/purity/run-") || slices.ContainsFunc(policy.Grants, func(g grant) bool {
			resolved, err := filepath.EvalSymlinks(g.Path)
			return err == nil && g.Reason != "view: private" && (path == resolved || strings.HasPrefix(path, resolved+"/"))
		})
	}
	words := strings.NewReplacer("@", outside)
	for _, im := range impurities {
		if im.access != "read" || strings.Contains(im.command, "$") {
			continue // programs use files of their own, and a second run cannot repeat changes
		}
		unseen := strings.Fields(ending(t, im.name, "")) // by strace
		t.Run(im.name, func(t *testing.T) {
			t.Parallel()
			if strings.Contains(im.name, "32-bit") && !thirtyTwoBit(t) {
				t.Skip("this kernel runs no 32-bit programs")
			}
			command := words.Replace(im.command)
			found := map[string]bool{}
			for _, f := range u.findings(t, dir, "audit", "--", shell, "-c", command) {
				found[f.Real] = true
			}
			seen := map[string]bool{}
			for _, path := range straced(t, dir, environ, shell, command) {
				if !inside(path) {
					seen[path] = true
				}
			}
			for _, path := range unseen {
				seen[path] = true
			}
			if diff := cmp.Diff(seen, found); diff != "" || len(seen) == 0 {
				t.Errorf("-strace +purity\n%s", diff)
			}
		})
	}
}

// straced returns the files that a command opens or executes with success, without
// links.
func straced(t *testing.T, dir string, environ []string, shell, command string) []string {
	t.Helper()
	strace, libraries := fixtures.Strace()
	log := filepath.Join(t.TempDir(), "log")
	// The library is for strace alone.
	cmd := exec.Command(strace, "-f", "-y", "-E", "LD_LIBRARY_PATH", "-e", "trace=open,openat,openat2,execve,execveat", "-e", "signal=none", "-o", log, shell, "-c", command)
	cmd.Dir, cmd.Env = dir, append(slices.Clone(environ), libraries)
	stdin, err := os.Open(hostFile)
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	cmd.Stdin = stdin
	if out, err := cmd.CombinedOutput(); cmd.ProcessState == nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for line := range strings.Lines(string(data)) {
		if strings.Contains(line, "O_PATH") {
			continue // O_PATH needs no right
		}
		if m := regexp.MustCompile(`\) += \d+<(/[^>]*)>`).FindStringSubmatch(line); m != nil {
			paths = append(paths, m[1])
		}
	}
	return paths
}
