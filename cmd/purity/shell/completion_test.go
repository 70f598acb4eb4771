package shell

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const breaks = " \t\n\"'@><=;|&(:" // bash's own

func TestReadLine(t *testing.T) {
	for _, c := range []struct {
		line  string
		words []string
		at    Cursor
	}{
		{"purity ", []string{"purity", ""}, Cursor{}},
		{"purity  ex", []string{"purity", "ex"}, Cursor{word: "ex"}},
		{"purity exec --flake=.#py", []string{"purity", "exec", "--flake=.#py"}, Cursor{word: "--flake=.#py", from: 8}},
		{"purity path:/a:b", []string{"purity", "path:/a:b"}, Cursor{word: "path:/a:b", from: 8}},
		{`purity a\ b\=c`, []string{"purity", "a b=c"}, Cursor{word: "a b=c"}},
		{`purity 'a b' "c $d`, []string{"purity", "a b", "c $d"}, Cursor{word: "c $d", quote: '"'}},
		{`purity x='a "b`, []string{"purity", `x=a "b`}, Cursor{word: `x=a "b`, from: 2, quote: '\''}},
		{`purity "a\"\x$"b`, []string{"purity", `a"\x$b`}, Cursor{word: `a"\x$b`, from: 5}},
		{`purity '' `, []string{"purity", "", ""}, Cursor{}},
		{"purity \xe9", []string{"purity", "\xe9"}, Cursor{word: "\xe9"}},
		{`purity \`, []string{"purity", `\`}, Cursor{word: `\`}},
	} {
		words, at := ReadLine(c.line, breaks)
		if diff := cmp.Diff(c.words, words); diff != "" || at != c.at {
			t.Errorf("%s: %+v %s", c.line, at, diff)
		}
	}
}

// The text that bash inserts makes one word with the name, by bash's own account.
func FuzzInsert(f *testing.F) {
	for _, name := range []string{"plain", "a b", "$(touch x)", "`x`", `"'\`, "#x", "~", "-n", "a=b:c", "é\xff", "!x", "a'"} {
		for _, quote := range []string{"", "'", `"`} {
			f.Add(quote, name)
		}
	}
	f.Fuzz(func(t *testing.T, quote, name string) {
		if strings.ContainsAny(name, "\x00\n\r") || len(quote) > 1 || !strings.Contains(`'"`, quote) {
			return
		}
		_, at := ReadLine("purity "+quote, breaks)
		text, ok := at.insert(name)
		if !ok {
			return
		}
		line := quote + text
		if quote != "" && !strings.HasSuffix(text, quote) {
			line += quote // bash adds it
		}
		out, err := exec.Command("bash", "-c", "printf %s "+line).Output()
		if err != nil || string(out) != name {
			t.Errorf("%q after %s is %s, which is %q: %v", name, quote, line, out, err)
		}
	})
}

func TestChoices(t *testing.T) {
	choices := []Choice{{"a:b", "what it is"}, {"a c", ""}, {"a:b", "again"}, {"a\nd", ""}}
	_, at := ReadLine("purity --x=a", breaks)
	for shell, want := range map[string]string{
		"bash": "none|a:b|'a c'",
		"zsh":  `none|4|a\:b:what it is|a c`,
		"fish": "none|4|--x=a:b\twhat it is|--x=a c\t",
	} {
		if got := strings.ReplaceAll(Choices(shell, at, "none", "--x=", choices), "\x00", "|"); got != want {
			t.Errorf("%s: %q, want %q", shell, got, want)
		}
	}
}
