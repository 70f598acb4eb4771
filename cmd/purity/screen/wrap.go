package screen

import (
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// Width is how many columns there are where f is a terminal, else 0.
func Width(f *os.File) int {
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// narrow is the width below which lines are left to the terminal to break.
const narrow = 30

// Wrap breaks a line at spaces so that it has no more columns than width, and
// text after a break begins with indent. Words stay whole, for they are
// paths; so does text after a colon and two spaces, for it is to be pasted.
// A width of 0 is none.
func Wrap(line, indent string, width int) string {
	if width < narrow || utf8.RuneCountInString(line) <= width {
		return line
	}
	prose, code, _ := strings.Cut(line, ":  ")
	words := strings.SplitAfter(strings.TrimLeft(prose, " "), " ")
	if code != "" {
		words[len(words)-1] += ":  "
		words = append(words, code)
	}
	var b strings.Builder
	b.WriteString(line[:len(prose)-len(strings.TrimLeft(prose, " "))])
	column := b.Len()
	for i, word := range words {
		n := utf8.RuneCountInString(strings.TrimRight(word, " "))
		if i > 0 && strings.TrimSpace(word) != "" && column+n > width {
			whole := strings.TrimRight(b.String(), " ")
			b.Reset()
			b.WriteString(whole + "\n" + indent)
			column = len(indent)
		}
		b.WriteString(word)
		column += utf8.RuneCountInString(word)
	}
	return b.String()
}
