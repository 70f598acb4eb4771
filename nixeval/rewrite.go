package nixeval

import (
	"slices"
	"strings"
)

// rewriter replaces paths in the text of variables and scripts. It replaces whole
// components: /tmp/run-1 is in "-I/tmp/run-1/include", but neither in
// /tmp/run-12 nor in /srv/tmp/run-1. The zero value replaces nothing.
type rewriter []replacement

type replacement struct{ path, by string }

// Replace returns text with the paths replaced, one after another.
func (r rewriter) Replace(text string) string {
	for _, p := range r {
		text = p.replace(text)
	}
	return text
}

func (p replacement) replace(text string) string {
	var b strings.Builder
	done := 0
	for from := 0; ; {
		at := strings.Index(text[from:], p.path)
		if at < 0 {
			break
		}
		at += from
		from = at + len(p.path)
		if startsPath(text[:at]) && endsComponent(text[from:]) {
			b.WriteString(text[done:at] + p.by)
			done = from
		}
	}
	if done == 0 {
		return text
	}
	return b.String() + text[done:]
}

// startsPath reports whether an absolute path that follows text starts there, and
// does not go on with a path that began before: after nothing, after a character that is in no
// path, after a flag (-L) and after the scheme of an address (file://).
func startsPath(text string) bool {
	start := strings.LastIndexFunc(text, func(c rune) bool { return c != '/' && !inComponent(c) }) + 1
	word := text[start:]
	return word == "" || isFlag(word) || word == "//" && strings.HasSuffix(text[:start], ":")
}

// isFlag reports whether word is a flag of one or more letters, as -L and -isystem.
func isFlag(word string) bool {
	letters, ok := strings.CutPrefix(word, "-")
	return ok && letters != "" && !slices.ContainsFunc([]rune(letters), func(c rune) bool { return (c|0x20) < 'a' || (c|0x20) > 'z' })
}

// endsComponent reports whether a path component ends before text.
func endsComponent(text string) bool {
	for _, c := range text {
		return !inComponent(c)
	}
	return true
}

// inComponent reports whether c goes on with a component of a path. A character that ends words
// and lists does not, although file names can hold it.
func inComponent(c rune) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c > 0x7f:
		return true
	}
	return strings.ContainsRune("._-+~@%", c)
}
