package manual

import (
	"strings"
	"unicode/utf8"
)

const (
	margin = 4  // of text
	hang   = 8  // of the meaning of an item, further
	table  = 22 // where the second column of a table is
)

// Text is the page for a terminal of a width, with bold and underlined words if
// it shows them.
func (p Page) Text(width int, styled bool) string {
	w := writer{width: width, styled: styled}
	for i, b := range p.blocks {
		if i > 0 && (b.kind != row && b.kind != line || p.blocks[i-1].kind != b.kind) && p.blocks[i-1].kind != heading && p.blocks[i-1].kind != subheading {
			w.WriteByte('\n')
		}
		w.block(b)
	}
	return w.String()
}

type writer struct {
	strings.Builder
	width  int
	styled bool
	column int // that is written next
}

func (w *writer) block(b block) {
	switch b.kind {
	case heading:
		w.wrap(typed(strings.ToUpper(b.text.String())), 0, 0)
	case subheading:
		w.wrap(typed(b.text.String()), margin/2, margin/2)
	case paragraph:
		w.wrap(b.text, margin, margin)
	case line:
		w.wrap(b.text, margin, margin+hang)
	case item:
		w.wrap(b.term, margin, margin+hang)
		w.wrap(b.text, margin+hang, margin+hang)
	case row:
		w.indent(margin)
		w.words(b.term, margin)
		if w.column+1 >= table {
			w.newline()
		}
		w.wrap(b.text, table, table)
	case code:
		for _, l := range b.code {
			w.WriteString(strings.TrimRight(strings.Repeat(" ", margin+margin)+l, " ") + "\n")
		}
	}
}

// wrap writes text in lines, the first of which is indented as it says, the
// others as rest says.
func (w *writer) wrap(t text, first, rest int) {
	w.indent(first)
	w.words(t, rest)
	w.newline()
}

func (w *writer) words(t text, rest int) {
	for i, word := range t.words() {
		switch n := word.width(); {
		case i > 0 && w.column+1+n > w.width:
			w.newline()
			w.indent(rest)
		case i > 0:
			w.indent(w.column + 1)
		}
		for _, part := range word {
			w.WriteString(w.style(part))
		}
		w.column += word.width()
	}
}

// indent writes blanks up to a column.
func (w *writer) indent(column int) {
	w.WriteString(strings.Repeat(" ", max(0, column-w.column)))
	w.column = column
}

func (w *writer) newline() {
	w.WriteByte('\n')
	w.column = 0
}

func (w *writer) style(s span) string {
	switch {
	case w.styled && s.font == bold:
		return "\x1b[1m" + s.s + "\x1b[m"
	case w.styled && s.font == italic:
		return "\x1b[4m" + s.s + "\x1b[m"
	}
	return s.s
}

// words are the parts of t between blanks.
func (t text) words() []text {
	var words []text
	var word text
	for _, s := range t {
		for i, part := range strings.Split(s.s, " ") {
			if i > 0 && word != nil {
				words = append(words, word)
				word = nil
			}
			if part != "" {
				word = append(word, span{s.font, part})
			}
		}
	}
	if word != nil {
		words = append(words, word)
	}
	return words
}

func (t text) width() int { return utf8.RuneCountInString(t.String()) }

func (t text) String() string {
	var b strings.Builder
	for _, s := range t {
		b.WriteString(s.s)
	}
	return b.String()
}
