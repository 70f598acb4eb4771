package screen

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "",
		"/usr/bin/gcc":            "/usr/bin/gcc",
		"größer 大 🙂 e\u0301":      "größer 大 🙂 e\u0301",
		"a\x1b[31mb":              `a\x1b[31mb`,
		"a\nb\tc\rd\x7f\u0085":    `a\nb\tc\rd\x7f\x85`,
		"bad\xff\xc3(":            `bad\xff\xc3(`,
		"\u202efile\u2066":        `\u202efile\u2066`,
		"\U000e0041":              `\U000e0041`,
		"no\u00a0break\u200bzero": `no\xa0break\u200bzero`,
		"\uFFFD":                  `\ufffd`,
	} {
		if got := Printable(text); got != want {
			t.Errorf("Printable(%q) = %q, want %q", text, got, want)
		}
	}
}

// What a terminal would obey is escaped, and means the same.
func TestPrintJSON(t *testing.T) {
	text := []string{"größer 大 🙂\n", "\x1b[31m", "\u009b31m\x7f", "\u202efile", "\U000e0041", "bad\xff"}
	var b bytes.Buffer
	if err := PrintJSON(&b, text); err != nil {
		t.Fatal(err)
	}
	if at := strings.IndexFunc(b.String(), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); at >= 0 || !strings.Contains(b.String(), "größer 大 🙂") {
		t.Errorf("it prints %q", b.String())
	}
	var got []string
	if err := json.Unmarshal(b.Bytes(), &got); err != nil || !slices.Equal(got[:5], text[:5]) || got[5] != "bad\uFFFD" {
		t.Errorf("it means %q, %v", got, err)
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("a\x1b[31m\xff\n")
	f.Fuzz(func(t *testing.T, s string) {
		got := Printable(s)
		if !utf8.ValidString(got) || Printable(got) != got {
			t.Errorf("Printable(%q) = %q", s, got)
		}
	})
}

func TestWrap(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"short", "short"},
		{"  one two three four five six seven eight", "  one two three four five six\n    seven eight"},
		{"  /a/very/long/path/that/does/not/fit/anywhere is one", "  /a/very/long/path/that/does/not/fit/anywhere\n    is one"},
		{"  hint: add it:  packages = [ pkgs.jq pkgs.git ]; # x", "  hint: add it:\n    packages = [ pkgs.jq pkgs.git ]; # x"},
		{"  /usr/bin/gcc   executed by make (pid 1)", "  /usr/bin/gcc   executed by\n    make (pid 1)"},
		{"  größer größer größer größer g", "  größer größer größer größer g"},
	} {
		if got := Wrap(c.line, "    ", 32); got != c.want {
			t.Errorf("Wrap(%q) =\n%s\nwant\n%s", c.line, got, c.want)
		}
	}
	long := "one two three four five six seven eight nine ten eleven"
	if got := Wrap(long, "", 0); got != long {
		t.Errorf("without a width: %q", got)
	}
}

func TestFew(t *testing.T) {
	for want, list := range map[string][]string{"": nil, "a": {"a"}, "a, b, c, d": {"a", "b", "c", "d"}, "a, b, c and 2 more": {"a", "b", "c", "d", "e"}} {
		if got := Few(list); got != want {
			t.Errorf("%q: %s, want %s", list, got, want)
		}
	}
}
