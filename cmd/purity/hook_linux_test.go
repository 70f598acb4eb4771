package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var shells = []string{"bash", "zsh", "fish"}

// A user of each shell enters a project, works in it and leaves.
func TestHookSessions(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			s := newTerminal(t)
			s.project("c", "hello")
			s.write("hello/run", "#!/bin/sh\ncat /etc/issue.net || echo refused\n")
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
		})
	}
}

// The hook notices changes: an edit revokes the permission and leaves the old
// environment in use; a new one comes in the background.
func TestHookRenewal(t *testing.T) {
	t.Parallel()
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

// until types empty lines until the terminal shows a text.
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
