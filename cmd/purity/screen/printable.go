package screen

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable shows characters that a terminal would obey, or not show at all: control
// characters, line breaks, marks that turn the direction of writing round, and
// bytes that are no text. Names of files can have all of them. Its result
// is one line of UTF-8, wherever s is from.
func Printable(s string) string {
	if !strings.ContainsFunc(s, hidden) { // bytes that are no text come as U+FFFD
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case !hidden(r):
			b.WriteRune(r)
		case escapes[r] != "":
			b.WriteString(escapes[r])
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		s = s[size:]
	}
	return b.String()
}

var escapes = map[rune]string{'\n': `\n`, '\r': `\r`, '\t': `\t`}

func hidden(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }
