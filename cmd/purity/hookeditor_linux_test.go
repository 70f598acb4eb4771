package main

import (
	"strings"
	"testing"
)

// quickfix makes vim list the places that it finds in the output of make and grep.
const quickfix = `set nomore shortmess+=I makeprg=make
silent! make! greet
call writefile([join(map(filter(getqflist(), 'v:val.text =~ "first use"'), 'bufname(v:val.bufnr) . ":" . v:val.lnum'))], $HOME . '/found')
silent! grep! greeting greet.c
call writefile([string(len(filter(getqflist(), 'v:val.valid')))], $HOME . '/found', 'a')
qa!
`

// An editor runs make and grep, and reads their output from a file of its own in /tmp.
func TestHookEditor(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			s := hooked(t, shell, "")
			s.write("quickfix.vim", quickfix)
			s.write("append.vim", "silent normal! Alate\nsilent wq\n")
			s.says("sed -i 's/int main(void) {/int main(void) {\\n  one = 1;\\n  two = 2;/' greet.c", "")
			s.says("vim.basic -es -N -u NONE -S ~/quickfix.vim greet.c > /dev/null; cat ~/found", "greet.c:7 greet.c:8 2")
			s.says("vim.basic -es -N -u NONE -c 'make! greet' -c 'qa!' greet.c 2>&1 | grep -c -i denied", "0")

			// The line that is typed goes to the editor and comes back.
			edit := "vim.basic -es -N -u NONE -S " + s.home + "/append.vim"
			switch shell {
			case "bash":
				s.typed("export EDITOR='" + edit + "'")
				if got := s.pressed("echo p", "C-x", "C-e"); !strings.Contains(got, "plate") {
					t.Errorf("ctrl-x ctrl-e: %q\n%s", got, s.screen())
				}
			case "zsh":
				s.typed("autoload -Uz edit-command-line; zle -N edit-command-line; bindkey '^X^E' edit-command-line; export VISUAL='" + edit + "'")
				if got := s.pressed("echo p", "C-x", "C-e", "Enter"); !strings.Contains(got, "plate") {
					t.Errorf("edit-command-line: %q\n%s", got, s.screen())
				}
			case "fish":
				s.typed("set -gx EDITOR '" + edit + "'")
				if got := s.pressed("echo p", "M-e", "Enter"); !strings.Contains(got, "plate") {
					t.Errorf("alt-e: %q\n%s", got, s.screen())
				}
			}
		})
	}
}
