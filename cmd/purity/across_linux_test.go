package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/nix-purity/purity/enforce/selftest"
	"github.com/nix-purity/purity/enforce/tempdir"
	"github.com/nix-purity/purity/fixtures"
)

// Files that a command leaves behind harm no program outside, with every Nix and every shell,
// as root and as a user. Vectors that start no Nix run with the newest alone. With the oldest
// Nix none is moot.
func TestAcross(t *testing.T) {
	t.Parallel()
	testAcross(t, self(t))
}

func TestSlowAcross(t *testing.T) {
	t.Parallel()
	testAcross(t, others(t)...)
}

func testAcross(t *testing.T, all ...user) {
	shells, environ := fixtures.Shells()
	oldest, newest := fixtures.Older(t)[0].Version, fixtures.Newest(t).Version
	for _, u := range all {
		t.Run(u.nix.Version+"/"+u.name, func(t *testing.T) {
			t.Parallel()
			args, least := []string{"selftest", "across", "--json"}, 100
			if u.nix.Version != newest {
				args, least = append(args, "--needs", "nix"), 10
			}
			temp, err := os.MkdirTemp("/var/tmp", "purity-test-") // outside /tmp, which commands share
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { tempdir.Remove(temp) })
			if u.attr != nil {
				chown(t, temp)
			}
			cmd := exec.Command(binary(t), args...)
			cmd.SysProcAttr, cmd.Dir = u.attr, u.dir
			cmd.Env = append(append(os.Environ(), environ...), "PATH="+u.nix.Bin+":"+shells+":/usr/bin:/bin", "HOME="+u.dir, "TMPDIR="+temp)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			var said struct{ Reports []selftest.Report }
			if json.Unmarshal(out, &said) != nil || len(said.Reports) != 1 {
				t.Fatalf("%v\n%s%s", err, out, stderr.String())
			}
			r := said.Reports[0]
			if r.Policy != selftest.AcrossGroup || r.Root != (u.attr == nil && os.Getuid() == 0) || len(r.Results) < least {
				t.Fatalf("policy %s, root %v, %d vectors", r.Policy, r.Root, len(r.Results))
			}
			if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
				t.Errorf("it leaves %v, %v", left, err)
			}
			for _, result := range r.Results {
				if result.Wrong() {
					t.Errorf("%s (%s): %s, want %s; refused %q, twin %q", result.ID, result.What, result.Status, result.Expected, result.Refused, result.Twin)
				}
				if result.Moot != "" && (u.nix.Version == oldest || !strings.HasPrefix(result.ID, "nix.filter-")) {
					t.Errorf("%s is moot: %s", result.ID, result.Moot)
				}
			}
		})
	}
}
