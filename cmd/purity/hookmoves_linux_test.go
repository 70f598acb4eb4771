package main

import (
	"strings"
	"testing"
)

// A program after cd in the same line is confined if cd leads into a project, in a subshell,
// too, and not if it leads out of one.
func TestHookMoves(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			s := hooked(t, shell, "")
			s.write("look.mk", look)
			s.write("hello/look.mk", look)
			for _, c := range []struct{ shells, line, want string }{
				{"", "cd ~; ./run", "open"},
				{"", "cd hello; ./run; LOOK", "shut refused"},
				{"", "cd ~; ./run; LOOK", "open read"},
				{"bash zsh", "pushd hello > /dev/null; ./run; popd > /dev/null; ./run", "shut open"},
				{"bash zsh", "(cd hello; ./run; LOOK); ./run", "shut refused open"},
				{"bash zsh", "(cd hello && ~/hello/run) | cat", "shut"},
				{"bash zsh", "x=$(cd hello && ./run); echo $x", "shut"},
				{"bash zsh", "cd hello && ./run && (cd ~ && ./run) && ./run", "shut open shut"},
				{"bash zsh", "cd ~; cd nowhere 2> /dev/null || echo $?", "1"},
				{"", "cd ~; cd hello; ./args 'a  b' $HOME > /dev/null; cd ..; ./args x", "[x]"},
				{"bash zsh", "cd hello; cd - > /dev/null; cd ~; mkdir made; cd $_; pwd | tail -c 6; cd ~", "/made"},
			} {
				if c.shells == "" || strings.Contains(c.shells, shell) {
					s.says(strings.ReplaceAll(c.line, "LOOK", "make -s -f look.mk"), c.want)
				}
			}
		})
	}
}

// look is a makefile that prints whether it runs confined.
const look = "x:\n\t@cat /etc/issue.net > /dev/null 2>&1 && echo read || echo refused\n"

// A function of the user's in place of cd still works, and so do completions.
func TestHookMovesOwn(t *testing.T) {
	t.Parallel()
	s := hooked(t, "bash", `cd() { echo going; builtin cd "$@"; }; shopt -s autocd`)
	s.says("cd ~ && cd hello && ./run", "going going shut")
	s.says("cd ~; ./run", "going open")
	s.write("hello/look.mk", look)
	if got := s.typed("hello; make -s -f look.mk"); !strings.HasSuffix(got, "refused\n") {
		t.Errorf("a directory that is typed alone is entered unconfined: %q", got)
	}
}

// bash forgets its hashed programs at each prompt.
func TestHookHash(t *testing.T) {
	t.Parallel()
	s := hooked(t, "bash", "")
	s.write("hello/look.mk", look)
	s.says("make -s -f look.mk", "refused")
	s.says("command -p make -s -f look.mk", "read")
	s.says("make -s -f look.mk", "refused")
	s.says("hash -p /usr/bin/make make", "")
	s.says("make -s -f look.mk", "refused")
	s.says("set +h", "")
	s.says("make -s -f look.mk", "refused")
}
