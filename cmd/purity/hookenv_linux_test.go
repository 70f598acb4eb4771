package main

import (
	"strings"
	"testing"
)

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
