package cause

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/nix-purity/purity/enforce/observe"
)

// The line of a makefile is one that has the path as a word, outside comments,
// in the makefile that make was given.
func TestWhereAsked(t *testing.T) {
	const path = "/usr/bin/perl"
	for _, tt := range []struct {
		name  string
		args  []string // of make
		files map[string]string
		want  string
	}{
		{"plain", nil, map[string]string{"Makefile": "all:\n\t/usr/bin/perl x\n"}, "Makefile:2"},
		{"comment", nil, map[string]string{"Makefile": "# never use /usr/bin/perl here\nall: # /usr/bin/perl\n\t@/usr/bin/perl x # it is\n"}, "Makefile:3"},
		{"comment alone", nil, map[string]string{"Makefile": "# /usr/bin/perl\n"}, ""},
		{"no comment", nil, map[string]string{"Makefile": "X = a#b\nall:\n\techo \\# && echo $(X:#=) /usr/bin/perl\n"}, "Makefile:3"},
		{"other words", nil, map[string]string{"Makefile": "A = /usr/bin/perl5.36 /usr/bin/perl-x /opt/usr/bin/perl /usr/bin/perl/x\nB=/usr/bin/perl\n"}, "Makefile:2"},
		{"recipe", nil, map[string]string{"Makefile": "x:\n\t-@/usr/bin/perl\n"}, "Makefile:2"},
		{"option", nil, map[string]string{"Makefile": "A = -L/usr/bin/perl/\n"}, "Makefile:1"},
		{"quoted", nil, map[string]string{"Makefile": "A = '/usr/bin/perl'\n"}, "Makefile:1"},
		{"twice", nil, map[string]string{"Makefile": "A = /usr/bin/perl\nB = /usr/bin/perl /usr/bin/perl\n"}, "Makefile:1, and 1 more"},
		{"given", []string{"make", "-f", "t.mk"}, map[string]string{"t.mk": "x:\n\t/usr/bin/perl\n", "Makefile": "X = /usr/bin/perl\n", "u.mk": "X = /usr/bin/perl\n"}, "t.mk:2"},
		{"included", nil, map[string]string{"Makefile": "include a.mk # b.mk\n", "a.mk": "X = /usr/bin/perl\n", "b.mk": "X = /usr/bin/perl\n"}, "a.mk:1"},
		{"put together", nil, map[string]string{"Makefile": "include $(A).mk\n", "a.mk": "X = /usr/bin/perl\n"}, "a.mk:1"},
	} {
		dir := t.TempDir()
		for name, text := range tt.files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		own := observe.Process{Program: "/x/make", Args: tt.args, Dir: dir}
		recipe := observe.Process{Program: "/x/sh", Args: []string{"sh", "-c", "perl"}, Starter: "/x/make", StarterArgs: tt.args, Dir: dir}
		for _, by := range []observe.Process{own, recipe} {
			if got := newMakefiles().whereAsked(observe.Denial{Path: path, By: by}); got != tt.want {
				t.Errorf("%s, by %s: %q, want %q", tt.name, by.Program, got, tt.want)
			}
		}
	}
}
