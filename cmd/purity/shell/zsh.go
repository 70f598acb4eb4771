package shell

import (
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Named are the words in a line of zsh that can name programs by path, as they were
// typed, for aliases. It is zsh that knows where a word is a command, and nothing comes
// of an alias elsewhere. So each word counts that has a slash, also those in quotes
// and comments, and there is no line that cannot be read.
func Named(line string, decides func(path string, known bool) bool) []string {
	z := &zshLine{text: strings.ReplaceAll(line, "\\\n", ""), decides: decides}
	z.words("")
	slices.Sort(z.named)
	return slices.Compact(z.named)
}

// zshLine reads a line of zsh, as far as it takes to know its words.
type zshLine struct {
	text    string
	at      int
	decides func(path string, known bool) bool
	named   []string
}

// words reads words up to one of the characters of end, or of the line.
func (z *zshLine) words(end string) {
	for z.at < len(z.text) {
		switch c := z.text[z.at]; {
		case strings.IndexByte(end, c) >= 0:
			z.at++
			return
		case strings.IndexByte(" \t\n;&|<>(){}`", c) >= 0:
			z.at++
		default:
			z.word(end)
		}
	}
}

// word reads a word, and the quoted or substituted parts of it, for its words.
func (z *zshLine) word(end string) {
	start := z.at
	for z.at < len(z.text) && strings.IndexByte(" \t\n;&|<>()`"+end, z.text[z.at]) < 0 {
		switch c, rest := z.text[z.at], z.text[z.at+1:]; {
		case c == '\\':
			z.at += 2
		case c == '\'' || c == '"':
			z.quoted(c)
		case c == '$' && strings.HasPrefix(rest, "("):
			z.at += 2
			z.words(")")
		case c == '$' && strings.HasPrefix(rest, "{"):
			z.at += 2
			z.words("}")
		default:
			z.at++
		}
	}
	z.at = min(z.at, len(z.text))
	z.name(z.text[start:z.at])
}

// quoted reads text in quotes. If they are not closed, they are none.
func (z *zshLine) quoted(quote byte) {
	z.at++
	for end := z.at; end < len(z.text); end++ {
		switch c := z.text[end]; {
		case c == '\\' && quote == '"':
			end++
		case c == quote:
			inner := &zshLine{text: z.text[z.at:end], decides: z.decides}
			inner.words("")
			z.named = append(z.named, inner.named...)
			z.at = end + 1
			return
		}
	}
}

// name looks at a word.
func (z *zshLine) name(typed string) {
	if !strings.Contains(typed, "/") {
		return
	}
	path, known := "", false
	for word, err := range syntax.NewParser(syntax.Variant(syntax.LangZsh)).WordsSeq(strings.NewReader(typed)) {
		if err == nil {
			path, known = static(word)
		}
		break // there is no other
	}
	if z.decides(path, known) {
		z.named = append(z.named, typed)
	}
}
