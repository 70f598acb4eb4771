package words

import "testing"

// A mistaken command gets the command line that was meant.
func TestMistake(t *testing.T) {
	for _, tt := range []struct {
		command []string
		want    string
	}{
		{nil, ""},
		{[]string{"python3", "--version"}, ""},
		{[]string{"a b", "c"}, ""}, // it may be called so
		{[]string{"make test"}, "the quotes make one word of it:  purity exec -- make test"},
		{[]string{"make && make test"}, "a shell runs such a line:  purity exec -- sh -c 'make && make test'"},
		{[]string{"FOO=1", "BAR=a b", "make"}, "a flag sets variables:  purity exec --set 'FOO=1' --set 'BAR=a b' -- make"},
		{[]string{"FOO=1"}, "a flag sets variables:  purity exec --set 'FOO=1' -- make"},
		{[]string{"cd", "/tmp"}, "cd is a part of a shell, and no program:  purity exec -- sh -c 'cd /tmp'"},
		{[]string{"=x"}, ""},
		{[]string{".#ci", "--", "make", "test"}, "a flag names the dev shell:  purity exec --flake '.#ci' -- make test"},
		{[]string{"nixpkgs#hello"}, "a flag names the dev shell:  purity exec --flake 'nixpkgs#hello' -- make"},
		{[]string{"#"}, ""},
	} {
		what, instead := mistake(tt.command)
		if instead != "" {
			what += ":  " + instead
		}
		if what != tt.want {
			t.Errorf("%q: %s, want %s", tt.command, what, tt.want)
		}
	}
}
