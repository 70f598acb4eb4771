package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// variable adds a variable to a dev shell.
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

// The shell exports the variables of the environment except those that run code, and
// restores its own when it leaves.
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

			// Another terminal allows an edit, and learns of the new environment first.
			s.typed("cd first")
			data, err := os.ReadFile(filepath.Join(first, "flake.nix"))
			if err != nil {
				t.Fatal(err)
			}
			s.write("first/flake.nix", strings.Replace(string(data), "postgres://x", "postgres://y", 1))
			s.typed("true")
			if screen := s.screen(); !strings.Contains(screen, "(purity!) ") {
				t.Errorf("the edit is not noticed:\n%s", screen)
			}
			s.allow(first)
			for range 100 {
				s.run("/bin/sh", "-c", "cd first && purity __hook-env bash '' '' > /dev/null 2>&1")
				if strings.Contains(s.run("/bin/sh", "-c", "cd first && $HOME/.cache/purity/projects/first-*/shims/jq -n -r env.DATABASE_URL"), "//y") {
					break
				}
				time.Sleep(50 * time.Millisecond)
			}
			s.typed("true")
			says("renewed by another", strings.Replace(inside, "//x", "//y", 1))
			if screen := s.screen(); strings.Count(screen, "is renewed") != 1 {
				t.Errorf("it is not said that it is renewed:\n%s", screen)
			}
			s.typed("purity off")
			says("off", "mine")
			s.says("/usr/bin/env | /bin/grep -c '^PURITY_[^FV]'", "0")
		})
	}
}

// The hook announces a project once if the prompt does not show it, and not otherwise.
func TestHookAnnounces(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			s := newTerminal(t)
			first, inner, never := s.project("c", "first"), s.project("c", "first/inner"), s.project("c", "never")
			quiet := s.project("c", "quiet")
			s.write("quiet/purity.toml", "announce = false\n")
			s.allow(first, inner, quiet)
			s.start(shell)
			for _, dir := range []string{"first", "first/inner", "quiet"} { // whose shims are made
				s.typed("cd ~/" + dir + "; cd ~")
				s.typed("cd ~/" + dir)
			}
			s.typed("cd ~")
			if screen := s.screen(); strings.Contains(screen, "programs confined; purity which") || strings.Contains(screen, "is renewed") {
				t.Errorf("the prompt says it, and a line does, too:\n%s", screen)
			}
			plain := map[string]string{"bash": "PS1='~ $ '", "zsh": "PS1='~ $ '", "fish": "function fish_prompt; echo '~ $ '; end"}[shell]
			s.typed(plain)
			said := func(line, what string, n int) {
				t.Helper()
				before := strings.Count(s.screen(), what)
				s.typed(line)
				if got := strings.Count(s.screen(), what) - before; got != n {
					t.Errorf("%s: %q is said %d times\n%s", line, what, got, s.screen())
				}
			}
			entered := func(line, dir string, n int) {
				t.Helper()
				said(line, "purity: "+dir+": ", n)
			}
			entered("cd first", first, 1)
			entered("true", first, 0)
			entered("cd inner", inner, 1)
			entered("cd ..", first, 1)
			entered("mkdir -p sub; cd sub", first, 0)
			entered("cd ~/quiet", quiet, 0)
			said("cd ~/never; true", never+" was never allowed", 1)
			said("true", "was never allowed", 0)
			said("cd ~; cd never", "was never allowed", 0)
			if strings.Contains(s.screen(), "is renewed") {
				t.Errorf("what is entered is called renewed:\n%s", s.screen())
			}
			// Another terminal allows it.
			s.allow(never)
			s.typed("true")
			if got := s.typed("echo $PURITY_PROJECT"); got != never+"\n" {
				t.Errorf("it is not entered: %s\n%s", got, s.screen())
			}
			s.run("purity", "deny", never)
			s.typed("true")
			if got := s.typed("echo $PURITY_PROJECT"); got != "\n" {
				t.Errorf("it is not left: %s\n%s", got, s.screen())
			}
		})
	}
}

// Programs of the user's own have their own files, and a confined failure has a note.
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
				s.says("make -s -f ~/look.mk 2>&1 | grep -c -e denied -e 'No such'", "1")
				s.typed("exit")
				s.says("bash -c 'cat ~/notes' 2>&1 | grep -c -i -e denied -e 'no such'", "1")
			}
		})
	}
}

// Programs can be completed after nopurity.
func TestHookCompletesNopurity(t *testing.T) {
	t.Parallel()
	s := hooked(t, "bash", "")
	if got := s.pressed("nopurity unlin", "Tab", "Enter"); !strings.Contains(got, "unlink: missing operand") {
		t.Errorf("it is not completed: %q\n%s", got, s.screen())
	}
}
