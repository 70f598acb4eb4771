package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// variable has a dev shell export a variable.
func variable(t *testing.T, dir, definition string) {
	t.Helper()
	file := filepath.Join(dir, "flake.nix")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(data), `GREETING = "hello";`, definition, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// The shell exports the variables of the environment, but for those that run code, and has
// its own again when it leaves.
func TestHookVariables(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			s := newTerminal(t)
			first, inner := s.project("c", "first"), s.project("c", "first/inner")
			variable(t, first, `GREETING = "it's \"me\" $HOME\n  *"; DATABASE_URL = "postgres://x"; LOCPATH = "/x"; PROMPT_COMMAND = "echo ran"; PATH_DIR = "/x"; lower = "x";`)
			variable(t, inner, `GREETING = "inner";`)
			s.allow(first, inner)
			s.setenv("GREETING", "mine")
			s.start(shell)
			const show = `/usr/bin/printenv GREETING DATABASE_URL LOCPATH PROMPT_COMMAND PATH_DIR lower | /bin/sed 's/\$/#/g'`
			says := func(where, want string) {
				t.Helper()
				if got := strings.Join(strings.Fields(s.typed(show)), " "); got != want {
					t.Errorf("%s: %q, want %q\n%s", where, got, want, s.screen())
				}
			}
			const inside = `it's "me" #HOME * postgres://x`
			s.typed("cd first")
			says("inside", inside)
			if screen := s.screen(); strings.Contains(screen, "ran\n") {
				t.Errorf("PROMPT_COMMAND is exported:\n%s", screen)
			}
			s.says("jq -n -r 'env.GREETING | length, (env.LOCPATH // \"\")'", "19 /x")
			s.says("GREETING=given jq -n -r env.GREETING", "given")
			s.says("nopurity /bin/sh -c 'echo $GREETING$DATABASE_URL'", "mine")
			s.typed("cd inner")
			says("nested", "inner")
			s.typed(shell)
			s.typed("cd ..")
			says("back, in a shell in the shell", inside)
			s.typed("cd ~")
			says("outside, in a shell in the shell", "mine")
			s.typed("exit")
			s.typed("cd ~")
			says("outside", "mine")

			s.typed("cd first")
			s.typed("purity off")
			says("off", "mine")
			s.says("/usr/bin/env | /bin/grep -c '^PURITY_[^F]'", "0")
		})
	}
}

// Programs of the user's own have their own files, and what failed confined says so.
func TestHookOwnTools(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			s := hooked(t, shell, "")
			s.write("notes", "mine\n")
			s.says("cat ~/notes; cp ~/notes ~/copy; ls ~/copy | tail -c 5", "mine copy")
			s.says("mkdir ~/made; tar cf ~/made/x.tar Makefile; tar tf ~/made/x.tar", "Makefile")
			if shell != "fish" {
				s.says("f=$(mktemp); echo kept > $f; cat $f; rm $f", "kept")
			}
			if shell == "zsh" {
				s.says("cat =(echo temporary)", "temporary")
			}
			if shell == "fish" {
				s.says("cat (echo temporary | psub)", "temporary")
			}
			got := s.typed("jq -R . ~/notes")
			if !strings.Contains(got, "purity: warning: jq is confined, and "+s.home+"/notes is out of its reach") || !strings.Contains(got, "nopurity jq") {
				t.Errorf("a denied argument is not named:\n%s", got)
			}
			got = s.typed("make nothing")
			if strings.Count(got, "PURITY_EXPLAIN=files make") != 1 {
				t.Errorf("it is not said that make failed confined:\n%s", got)
			}
			s.says("jq -n 1; make -s greet; jq -n -e false > /dev/null 2>&1; make nothing 2> /dev/null", "1")
			s.says("PURITY_EXPLAIN=off make -s nothing 2>&1 | grep -c PURITY_EXPLAIN", "0")
			if shell == "bash" {
				s.typed("bash")
				if screen := s.screen(); strings.Contains(screen, "bash.bashrc") {
					t.Errorf("bash complains:\n%s", screen)
				}
				s.write("look.mk", look)
				s.says("make -s -f ~/look.mk 2>&1 | grep -c denied", "1")
				s.typed("exit")
				s.says("bash -c 'cat ~/notes' 2>&1 | grep -c -i -e denied -e 'no such'", "1")
			}
		})
	}
}
