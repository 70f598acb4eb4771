package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/fixtures"
	"github.com/nix-purity/purity/nixeval"
)

// completing starts a shell with purity's completions, in a project whose
// environment is cached. It installs them as packages do, or evaluates them.
func completing(t *testing.T, shell string, installed bool) *terminal {
	s := newTerminal(t)
	dir := s.project("c", "hello")
	start := startUp[shell]
	load := `eval "$(purity completion ` + shell + `)"`
	switch {
	case installed && shell == "zsh":
		s.write("site-functions/_purity", s.run("purity", "completion", "zsh"))
		load = "fpath=(~/site-functions $fpath); autoload -Uz compinit; compinit -i"
	case installed && shell == "fish":
		s.write(".config/fish/completions/purity.fish", s.run("purity", "completion", "fish"))
		load = ""
	case shell == "fish":
		load = "purity completion fish | source"
	}
	s.write(start, rc[start]+load+"\n")
	s.start(shell)
	s.typed("cd " + dir)
	s.typed("purity exec -q -- true")
	return s
}

// A user of each shell completes all kinds of words.
func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			s := completing(t, shell, false)
			jq := s.storePath("-jq")
			hash := "#"
			if shell == "zsh" { // quotes it, to be sure
				hash = `\#`
			}
			for _, c := range []struct{ typed, want string }{
				{"purity exe", "purity exec"},                                                // a command
				{"purity config sch", "purity config schema"},                                // one of another
				{"purity exec --from", "purity exec --from-env"},                             // a flag
				{"purity exec --no-rep", "purity exec --no-report-changes"},                  // the negated one
				{"purity exec --level o", "purity exec --level open"},                        // a word
				{"purity exec --level=o", "purity exec --level=open"},                        // in one with the flag
				{"purity exec --presets git,ss", "purity exec --presets git,ssh-agent"},      // of a list
				{"purity exec --flake .#py", "purity exec --flake ." + hash + "python"},      // a dev shell
				{"purity policy --level=nix .#py", "--level=nix ." + hash + "python"},        // as an argument
				{"purity exec --root " + jq[:len(jq)-20], "purity exec --root " + jq},        // a store path
				{"purity closure --why libon", "purity closure --why libonig5"},              // by its name
				{"purity audit --report-format sa", "purity audit --report-format sarif"},    // the form of a report
				{"purity help exit", "purity help exit-codes"},                               // a topic
				{"purity exec -- printe", "purity exec -- printenv"},                         // a program
				{"purity exec -- cat Mak", "purity exec -- cat Makefile"},                    // a file for it
				{"purity exec --closure-file=gree", "purity exec --closure-file=greet.c"},    // a file
				{"purity exec --closure-file 'gree", "purity exec --closure-file 'greet.c'"}, // quoted
				{"purity exec --project ~/hel", "purity exec --project ~/hello/"},            // a directory
				{"purity exec --flake ../hell", "purity exec --flake ../hello/"},             // of a flake
			} {
				if got := s.completed(c.typed, c.want); !strings.HasSuffix(got, c.want) {
					t.Errorf("%s is completed to %q, want %s", c.typed, got, c.want)
				}
			}
			s.tmux("send-keys", "-l", "--", "purity exec --flake github:nobody/nothing#x")
			s.tmux("send-keys", "Tab", "y")
			s.see("nothing#xy", 1) // nothing is known, nor asked
			s.tmux("send-keys", "C-u")
			if shell != "bash" { // which has no place for it
				s.tmux("send-keys", "-l", "--", "purity exec --level ")
				s.tmux("send-keys", "Tab", "Tab")
				s.see("like Nix's build sandbox", 1)
			}
		})
	}
}

// storePath returns a path of the closure by the end of its name.
func (s *terminal) storePath(name string) string {
	s.t.Helper()
	for _, field := range strings.Fields(s.typed("purity closure | /usr/bin/grep -e " + name)) {
		if strings.HasSuffix(field, name) {
			return field
		}
	}
	s.t.Fatalf("no store path is named %s", name)
	return ""
}

// completed types a beginning and a tab, and returns the completed line, which
// should have that end.
func (s *terminal) completed(beginning, end string) (line string) {
	s.t.Helper()
	s.tmux("send-keys", "-l", "--", beginning)
	for i := range 2400 {
		if i%400 == 0 { // again where Nix took longer than a completion waits
			s.tmux("send-keys", "Tab")
		}
		if line = s.line(); strings.HasSuffix(line, end) {
			break
		}
		time.Sleep(25 * time.Millisecond)
	}
	for !strings.HasSuffix(s.line(), " $") {
		s.tmux("send-keys", "C-u")
	}
	return line
}

// line returns the last line of the terminal.
func (s *terminal) line() string {
	lines := strings.Split(strings.TrimRight(s.screen(), "\n"), "\n")
	return strings.TrimRight(lines[len(lines)-1], " ")
}

// see waits until the terminal shows a text a number of times.
func (s *terminal) see(text string, times int) {
	s.t.Helper()
	for range 2400 {
		if strings.Count(s.screen(), text) >= times {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	s.t.Errorf("%q is never shown:\n%s", text, s.screen())
}

// Names are quoted for where they are put, and never code.
func TestSlowCompletionOfOddNames(t *testing.T) {
	t.Parallel()
	const name = "weird $(touch HURT)`touch HURT`;touch HURT 'q\\"
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			s := completing(t, shell, true)
			s.write("bin/"+name+"\"!", "#!/bin/sh\n")
			s.write("bin/weird\nline", "#!/bin/sh\n")
			s.write("odd/flake.nix", `{ outputs = _: { devShells.x86_64-linux.${builtins.fromJSON (builtins.readFile ./name)} = null; }; }`)
			s.write("odd/name", `"`+strings.ReplaceAll(name, `\`, `\\`)+`"`)
			for _, file := range []string{name + "\"!", "weird\nline"} {
				if err := os.Chmod(filepath.Join(s.home, "bin", file), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			if err := fixtures.Commit(filepath.Join(s.home, "odd")); err != nil {
				t.Fatal(err)
			}
			if shell == "fish" {
				s.typed("set -x PATH ~/bin $PATH; cd ~/odd")
			} else {
				s.typed("PATH=~/bin:$PATH; cd ~/odd")
			}
			for _, c := range []struct{ typed, want string }{
				{"purity which we", name + "\"!: " + s.home + "/bin/weird"},
				{"purity which 'we", name + "\"!: " + s.home + "/bin/weird"},
				{"purity policy .#", "evaluate .#\"" + name},
				{"purity policy '.#", "evaluate .#\"" + name},
				{"purity policy \".#", "evaluate .#\"" + name},
			} {
				before := s.screen()
				s.tmux("send-keys", "-l", "--", c.typed)
				s.tmux("send-keys", "Tab")
				s.see("touch", strings.Count(before, "touch")+1)
				s.tmux("send-keys", "Enter")
				after := s.wait(len(anyPrompt.FindAllString(before, -1)))
				if printed := after[len(before)-1:]; !strings.Contains(printed, c.want) {
					t.Errorf("%s: it prints no %s:\n%s", c.typed, c.want, printed)
				}
			}
			for _, dir := range []string{"odd", "hello", "bin", ""} {
				if exists(filepath.Join(s.home, dir, "HURT")) {
					t.Errorf("a name was run as code in %s", dir)
				}
			}
		})
	}
}

// Listing dev shells builds nothing of a flake that was not allowed. Running a command in
// one does, because the user asked for it.
func TestCompletionBuildsNothing(t *testing.T) {
	t.Parallel()
	testCompletionBuildsNothing(t, fixtures.Newest(t))
}

func TestSlowCompletionBuildsNothing(t *testing.T) {
	t.Parallel()
	testCompletionBuildsNothing(t, fixtures.Older(t)...)
}

func testCompletionBuildsNothing(t *testing.T, versions ...fixtures.Nix) {
	for _, nix := range versions {
		t.Run(nix.Version, func(t *testing.T) {
			u := newUser(t, "self", nix)
			dir, canary := filepath.Join(u.dir, "imported"), filepath.Join(u.dir, "canary")
			write := func(shells string) {
				t.Helper()
				flake := "{ outputs = _: let built = derivation { name = \"" + filepath.Base(u.dir) + "\"; system = \"x86_64-linux\"; builder = \"/bin/sh\";\n" +
					"args = [ \"-c\" \"echo > " + canary + "; echo { a = { }\\\\; } > $out\" ]; }; in { devShells.x86_64-linux = " + shells + "; }; }\n"
				if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "flake.nix"), []byte(flake), 0o644), fixtures.Commit(dir)); err != nil {
					t.Fatal(err)
				}
			}
			list := func() []string {
				asked := nixeval.Nix{Environ: u.environ, Cache: filepath.Join(u.dir, "cache")}
				return asked.DevShells(t.Context(), nixeval.Request{Flake: dir, Dir: dir})
			}
			write("import built")
			if names := list(); len(names) != 0 {
				t.Errorf("listed %q", names)
			}
			if _, err := os.Stat(canary); err == nil {
				t.Error("a build ran")
			}
			u.run(t, words.Failure, dir, "exec", "-q", "--flake", ".#a", "--", "true")
			if _, err := os.Stat(canary); err != nil {
				t.Errorf("no build ran: %v", err)
			}
			write("{ b = { }; }")
			if names := list(); !slices.Equal(names, []string{"b"}) {
				t.Errorf("listed %q", names)
			}
		})
	}
}
