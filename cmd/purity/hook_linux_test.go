package main

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var shells = []string{"bash", "zsh", "fish"}

// A user of each shell enters a project, works in it and leaves.
func TestHookSessions(t *testing.T) {
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			s := newTerminal(t)
			s.project("c", "hello")
			s.write("hello/run", "#!/bin/sh\ncat /etc/debian_version || echo refused\n")
			os.Chmod(filepath.Join(s.home, "hello/run"), 0o755)
			s.start(shell)
			before := s.typed("echo $PATH")
			for _, line := range []string{
				"cd hello",
				"purity allow",
				"purity which make",
				"make test",
				"make greet -B CC=/usr/bin/gcc",
				"./run; ./greet",
				"nopurity ./run",
				"purity off",
				"./run",
				"purity on",
				"WORD=x jq -n env.WORD",
				"cd ..",
			} {
				s.typed(line)
			}
			if after := s.typed("echo $PATH"); after != before {
				t.Errorf("PATH was %s is %s", before, after)
			}
			if got := s.typed(`echo "[$PURITY_PROJECT$PURITY_OUTER$purity_prompt]"`); got != "[]\n" {
				t.Errorf("left behind: %s", got)
			}
			s.typed("cd hello; echo nothing is said")
			golden(t, shell, s.screen())
			if history := s.typed("history 30"); shell != "fish" && strings.Contains(history, "confined") {
				t.Errorf("history has more than what was typed:\n%s", history)
			}
		})
	}
}

// Names of directories are never code, and everything is put right that can go
// wrong with them.
func TestHookDirectories(t *testing.T) {
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			s := newTerminal(t)
			first := s.project("c", "first")
			s.project("c", "first/inner")
			for _, name := range []string{"$(touch HURT)", "`touch HURT`", `a'b"c;touch HURT`, "new\nline", "b\x1b[31mred", "sp  ace*?[x]", "-n", "~"} {
				s.project("c", name)
			}
			latin := "latin-\xe9"
			s.project("c", latin)
			dirs, err := filepath.Glob(filepath.Join(s.home, "*"))
			if err != nil {
				t.Fatal(err)
			}
			dirs = slices.DeleteFunc(dirs, func(d string) bool { return strings.HasPrefix(filepath.Base(d), ".") })
			for _, dir := range append(dirs, filepath.Join(first, "inner")) {
				cmd := exec.Command(binary(t), "allow", dir)
				cmd.Env = s.environ
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
			}
			if err := os.Symlink("first", filepath.Join(s.home, "link")); err != nil {
				t.Fatal(err)
			}
			s.start(shell)
			path := s.typed("echo $PATH")
			inside := func(where, project string) {
				t.Helper()
				if got := s.typed("purity which jq | /usr/bin/grep '  project '"); !strings.HasSuffix(strings.TrimSpace(got), project) || got == "\n" {
					t.Errorf("%s: the project is %q, want %s\n%s", where, got, project, s.screen())
				}
			}
			outside := func(where string) {
				t.Helper()
				if got := s.typed("echo $PATH"); got != path {
					t.Errorf("%s: PATH is %s, was %s", where, got, path)
				}
			}
			s.typed("cd first")
			inside("cd", first)
			s.typed("cd inner")
			inside("nested", first+"/inner")
			s.typed("cd ..")
			inside("back", first)
			s.typed("cd ~; cd - > /dev/null")
			inside("cd -", first)
			if shell != "fish" {
				s.typed("pushd ~ > /dev/null")
				outside("pushd")
				s.typed("popd > /dev/null")
				inside("popd", first)
			}
			s.typed("cd ~/link")
			inside("symlink", first)
			s.typed("cd ~")
			outside("after symlink")
			prepend := func(dir string) string {
				if shell == "fish" {
					return "set -gx PATH " + dir + " $PATH"
				}
				return "export PATH=" + dir + ":$PATH"
			}
			s.typed(prepend("/added") + "; cd first")
			s.typed(prepend("/again"))
			inside("PATH edited", first)
			s.typed("cd ~")
			path = "/again" + separator(shell) + "/added" + separator(shell) + path
			outside("PATH edited")
			for i := range dirs {
				// A glob, so that nothing depends on how this test quotes.
				s.typed("cd ./" + glob(filepath.Base(dirs[i])))
				if got := s.typed("jq -n '[1][]'"); got != "1\n" {
					t.Errorf("%q: jq prints %q\n%s", dirs[i], got, s.screen())
				}
				s.typed("cd ~")
				outside(dirs[i])
			}
			for _, dir := range append(dirs, s.home) {
				if exists(filepath.Join(dir, "HURT")) {
					t.Errorf("a name was run as code in %q", dir)
				}
			}
			// Removed while inside.
			gone := s.project("c", "gone")
			s.run("purity", "allow", "gone")
			s.typed("cd gone")
			inside("to be removed", gone)
			if err := os.RemoveAll(gone); err != nil {
				t.Fatal(err)
			}
			s.typed("true")
			outside("removed")
			s.typed("cd ~")
			// A shell that was started inside.
			s.typed("cd first")
			program, _ := exec.LookPath(shell)
			s.typed(cmp.Or(program, shell)) // bash is in the environment, too
			inside("a shell in the shell", first)
			s.typed("cd ~")
			outside("a shell in the shell")
		})
	}
}

// separator is how a shell prints between the entries of PATH.
func separator(shell string) string {
	if shell == "fish" {
		return " "
	}
	return ":"
}

// glob is a pattern that only a name matches, without anything in it that a
// shell reads otherwise.
func glob(name string) string {
	return strings.Map(func(r rune) rune {
		if r < 128 && (r == '.' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z') {
			return r
		}
		return '?'
	}, name)
}

// What changes is noticed: an edit takes the permission back and leaves the old
// environment in use; a new one comes in the background.
func TestHookRenewal(t *testing.T) {
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			s := newTerminal(t)
			dir := s.project("c", "hello")
			flake := filepath.Join(dir, "flake.nix")
			edit := func(old, new string) {
				t.Helper()
				data, err := os.ReadFile(flake)
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(20 * time.Millisecond) // more than a clock tick
				if err := os.WriteFile(flake, []byte(strings.Replace(string(data), old, new, 1)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			s.run("purity", "allow", "hello")
			s.start(shell)
			s.typed("cd hello")
			edit("hello", "good day")
			if got := s.typed("jq -n -r env.GREETING"); !strings.Contains(got, "hello") {
				t.Errorf("the old environment is not in use: %s", got)
			}
			if screen := s.screen(); !strings.Contains(screen, "changed since it was allowed") || !strings.Contains(screen, "(purity!)") {
				t.Errorf("the edit was not noticed:\n%s", screen)
			}
			s.typed("true")
			if n := strings.Count(s.screen(), "changed since it was allowed"); n != 1 {
				t.Errorf("said %d times:\n%s", n, s.screen())
			}
			s.typed("purity allow")
			s.until("is renewed: ")
			if got := s.typed("jq -n -r env.GREETING"); !strings.Contains(got, "good day") {
				t.Errorf("the new environment is not in use: %s", got)
			}
			edit("pkgs.mkShell", "pkgs.mkShel")
			s.typed("purity allow")
			s.until("could not be renewed")
			if got := s.typed("jq -n -r env.GREETING"); !strings.Contains(got, "good day") {
				t.Errorf("the old environment is not in use: %s", got)
			}
			edit("pkgs.mkShel ", "pkgs.mkShell ")
			s.typed("purity deny")
			if got := s.typed("echo $PURITY_PROJECT"); got != "\n" {
				t.Errorf("denied, but inside: %s", got)
			}
			s.write("hello/purity.toml", "")
			s.typed("cd ..")
			s.typed("cd hello")
			if screen := s.screen(); !strings.Contains(screen, "was not allowed, and nothing is confined") {
				t.Errorf("nothing is said:\n%s", screen)
			}
		})
	}
}

// until types empty lines until something is said.
func (s *terminal) until(text string) {
	s.t.Helper()
	for range 100 {
		if strings.Contains(s.screen(), text) {
			return
		}
		s.typed("true")
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatalf("%q is never said:\n%s", text, s.screen())
}
