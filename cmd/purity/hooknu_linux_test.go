package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-purity/purity/fixtures"
)

// In nushell, too, programs of a project run confined in it, and leave nothing behind
// outside. The test cannot type at nushell's prompt, so it calls the hook of the prompt.
func TestNushell(t *testing.T) {
	t.Parallel()
	testNushell(t, self(t))
}

func TestSlowNushell(t *testing.T) {
	t.Parallel()
	testNushell(t, someOthers(t)...)
}

func testNushell(t *testing.T, all ...user) {
	for _, u := range all {
		t.Run(u.name, func(t *testing.T) {
			t.Parallel()
			u := u.withPurity(t)
			dir := u.project(t, "c")
			script := filepath.Join(u.dir, "purity.nu")
			if err := os.WriteFile(script, []byte(u.output(t, dir, "purity hook nu")), 0o644); err != nil {
				t.Fatal(err)
			}
			nu := func(lines ...string) string {
				cmd := exec.Command(fixtures.Nu(), "--no-config-file", "--commands", "source "+script+"\n"+strings.Join(lines, "\n"))
				cmd.Dir, cmd.Env, cmd.SysProcAttr = filepath.Dir(dir), u.environ, u.attr
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("%s: %v\n%s", lines, err, out)
				}
				return string(out)
			}
			// The hook ignores a purity with another answer.
			broken := filepath.Join(u.dir, "broken.nu")
			text := strings.Replace(u.output(t, dir, "purity hook nu"), "__hook-env nu", "--version", 1)
			if err := os.WriteFile(broken, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			if got := nu("source " + broken + "; cd " + dir + "; print $env.purity_prompt"); !strings.Contains(got, "nothing is confined") || !strings.Contains(got, "(not confined)") {
				t.Errorf("an answer that is none: %s", got)
			}
			before := nu("print ($env.PATH | to json -r)")
			for _, c := range []struct{ line, want string }{
				{"cd " + dir, "was never allowed"},
				{"^purity allow " + dir, "allowed"},
				{"cd " + dir + "; make test", "hello from a confined make"},
				{"cd " + dir + "; print $env.GREETING", "hello"},
				{"cd " + dir + "; try { make greet -B CC=/usr/bin/gcc } catch { print refused }", "refused"},
				{"cd " + dir + "; nopurity make greet -B CC=/usr/bin/gcc; print done", "done"},
				{"cd " + dir + "; purity off; make greet -B CC=/usr/bin/gcc; purity on; _purity_check; try { make greet -B CC=/usr/bin/gcc } catch { print refused }", "refused"},
				{"cd " + dir + "; cd ..; print ($env.GREETING? | default gone)", "gone"},
				{"$env.GREETING = 'mine'; cd " + dir + "; print $env.GREETING; cd ..; print $env.GREETING", "hello\nmine\n"},
				{"$env.GREETING = {a: [1 2]}; cd " + dir + "; print $env.GREETING; cd ..; print $env.GREETING.a.1", "hello\n2\n"},
				{"$env.GREETING = {|| 7 }; cd " + dir + "; cd ..; print (do $env.GREETING)", "7\n"},
				{"cd " + dir + "; cd ..; print ($env.PATH | to json -r) ($env.PURITY_PROJECT? | default none) $env.purity_prompt", before + "none\n"},
				{"print ($env.config.hooks.pre_prompt | length)", "1"},
			} {
				if got := nu(c.line); !strings.Contains(got, c.want) {
					t.Errorf("%s: %s, want %s", c.line, got, c.want)
				}
			}
		})
	}
}
