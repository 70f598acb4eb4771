package main

import (
	"strings"
	"testing"
)

// On a terminal help goes through a pager, with words to type in bold, and no wider
// than the terminal.
func TestHelpOnTerminal(t *testing.T) {
	t.Parallel()
	s := newTerminal(t)
	s.start("bash")
	shown := func(line string) string {
		t.Helper()
		out := s.typed(line)
		return strings.NewReplacer("\x1b", "ESC").Replace(out)
	}
	for _, c := range []struct{ line, want string }{
		{`PAGER='sed s/^/read:/ | cat -v' purity help levels`, "read:^[[1mLEVELS^[[m\nread:    A policy is a level"},
		{`NO_COLOR=1 PAGER='cat -v' purity help levels`, "\nLEVELS\n    A policy is a level"},
		{`PAGER=cat purity help levels`, "LEVELS\n    A policy is a level"},
		{`PAGER=/nonexistent purity help levels 2>/dev/null`, "LEVELS\n    A policy is a level"},
		{`unset PAGER; LESS=FX purity help presets`, "PRESETS\n    A preset names all"}, // with less, if it is there
		{`purity help presets | cat -v`, "PRESETS\n    A preset names all"},
	} {
		if got := "\n" + shown(c.line); !strings.Contains(got, c.want) || strings.Contains(got, "ESC") {
			t.Errorf("%s: %s", c.line, got)
		}
	}
	s.tmux("resize-window", "-x", "60", "-y", "500")
	for _, line := range strings.Split(shown("PAGER=cat purity help exec"), "\n") {
		if len(line) > 60 {
			t.Errorf("a long line: %s", line)
		}
	}
}
