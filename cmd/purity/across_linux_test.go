package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/nix-purity/purity/enforce/selftest"
	"github.com/nix-purity/purity/fixtures"
)

// What a command leaves behind harms nobody outside, with every Nix and every shell,
// as root and as a user. With the oldest Nix nothing of it is moot.
func TestAcross(t *testing.T) {
	shells, environ := fixtures.Shells()
	oldest := fixtures.All(t)[0].Version
	for _, u := range everyone(t) {
		t.Run(u.nix.Version+"/"+u.name, func(t *testing.T) {
			cmd := exec.Command(binary(t), "selftest", "across", "--json")
			cmd.SysProcAttr, cmd.Dir = u.attr, u.dir
			cmd.Env = append(append(os.Environ(), environ...), "PATH="+u.nix.Bin+":"+shells+":/usr/bin:/bin", "HOME="+u.dir, "TMPDIR="+u.dir)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			var said struct{ Reports []selftest.Report }
			if json.Unmarshal(out, &said) != nil || len(said.Reports) != 1 {
				t.Fatalf("%v\n%s%s", err, out, stderr.String())
			}
			r := said.Reports[0]
			if r.Policy != selftest.AcrossGroup || r.Root != (u.attr == nil && os.Getuid() == 0) || len(r.Results) < 100 {
				t.Fatalf("policy %s, root %v, %d vectors", r.Policy, r.Root, len(r.Results))
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
