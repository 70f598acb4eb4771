package shell

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// fishLine reads a line of fish, as far as it takes to know which words name
// commands. Nobody else's parser of fish can be had, and fish itself (commandline --tokenize)
// drops the operators that stand between commands.
type fishLine struct {
	text    string
	at      int
	decides func(path string, known bool) bool
	named   []int // where words name programs by path
}

func namedInFish(line string, decides func(path string, known bool) bool) ([]int, error) {
	f := &fishLine{text: line, decides: decides}
	err := f.list(false)
	return f.named, err
}

// fishBefore are words after which a command can follow. If an option does, none does.
var fishBefore = []string{"and", "or", "not", "!", "if", "while", "else", "begin", "command", "exec", "time", "{", "}", "end"}

var assignment = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\w+(\[.*\])?=`)
})

// list reads commands to the end of the line, or of a command substitution.
func (f *fishLine) list(nested bool) error {
	command := true // the next word names one
	for f.at < len(f.text) {
		c := f.text[f.at]
		switch {
		case c == ')' && nested:
			f.at++
			return nil
		case c == '#':
			f.skip(func(c byte) bool { return c != '\n' })
		case c == '\n' || c == ';' || c == '|':
			f.at++
			command = true
		case c == '&':
			f.at++
			if f.peek() == '>' || f.peek() == '|' { // &> and &|
				continue
			}
			command = true
		case c == ' ' || c == '\t':
			f.at++
		case c == '\\' && strings.HasPrefix(f.text[f.at+1:], "\n"):
			f.at += 2
		case c == '<' || c == '>':
			f.skip(func(c byte) bool { return strings.IndexByte("<>&?|", c) >= 0 })
			f.skip(func(c byte) bool { return c == ' ' || c == '\t' })
			if _, _, err := f.word(); err != nil {
				return err
			}
		default:
			start := f.at
			value, known, err := f.word()
			if err != nil {
				return err
			}
			if f.at == start {
				return fmt.Errorf("column %d: unexpected %c", start+1, c)
			}
			typed := f.text[start:f.at]
			switch {
			case !command:
			case next(f) && strings.Trim(typed, "0123456789") == "": // 2> file
			case known && slices.Contains(fishBefore, value):
			case assignment().MatchString(typed):
			default:
				f.command(start, typed, value, known)
				command = false
			}
		}
	}
	if nested {
		return ErrUnfinished
	}
	return nil
}

// next reports whether a redirection follows at once.
func next(f *fishLine) bool { return f.peek() == '>' || f.peek() == '<' }

func (f *fishLine) command(at int, typed, value string, known bool) {
	if known && !strings.Contains(value, "/") || !known && !strings.Contains(typed, "/") {
		return
	}
	if f.decides(value, known) {
		f.named = append(f.named, at)
	}
}

func (f *fishLine) peek() byte {
	if f.at < len(f.text) {
		return f.text[f.at]
	}
	return 0
}

func (f *fishLine) skip(while func(c byte) bool) {
	for f.at < len(f.text) && while(f.text[f.at]) {
		f.at++
	}
}

// word reads a word, and its value if that takes no shell.
func (f *fishLine) word() (value string, known bool, err error) {
	var b strings.Builder
	known = true
	start, brackets := f.at, 0
	for f.at < len(f.text) {
		c := f.text[f.at]
		switch {
		case brackets == 0 && strings.IndexByte(" \t\n;|&<>)", c) >= 0:
			return b.String(), known, nil
		case c == '\'' || c == '"':
			text, plain, err := f.quoted(c)
			if err != nil {
				return "", false, err
			}
			b.WriteString(text)
			known = known && plain
			continue
		case c == '\\':
			if f.at+1 == len(f.text) {
				return "", false, ErrUnfinished
			}
			f.at++
			known = known && strings.IndexByte("abefnrtvxXuUoc01234567", f.text[f.at]) < 0
			b.WriteByte(f.text[f.at])
		case c == '(':
			f.at++
			if err := f.list(true); err != nil {
				return "", false, err
			}
			known = false
			continue
		case c == '$' || c == '*' || c == '?' || c == '{' || c == '[' || c == ']':
			known = false
			brackets += map[byte]int{'[': 1, ']': -1}[c]
		case c == '~' && f.at == start:
			b.WriteString(os.Getenv("HOME"))
			if rest := f.text[f.at+1:]; rest != "" && strings.IndexByte("/ \t\n;|&<>)", rest[0]) < 0 {
				known = false
			}
		default:
			b.WriteByte(c)
		}
		f.at++
	}
	if brackets > 0 {
		return "", false, ErrUnfinished
	}
	return b.String(), known, nil
}

// quoted reads a quoted part of a word. In double quotes there can be variables
// and command substitutions.
func (f *fishLine) quoted(quote byte) (value string, known bool, err error) {
	var b strings.Builder
	known = true
	for f.at++; f.at < len(f.text); f.at++ {
		c := f.text[f.at]
		switch {
		case c == quote:
			f.at++
			return b.String(), known, nil
		case c == '\\' && f.at+1 < len(f.text):
			f.at++
			if e := f.text[f.at]; e != '\\' && e != quote && (quote == '\'' || e != '$' && e != '\n') {
				b.WriteByte('\\')
			}
			b.WriteByte(f.text[f.at])
		case c == '$' && quote == '"' && strings.HasPrefix(f.text[f.at+1:], "("):
			f.at += 2
			if err := f.list(true); err != nil {
				return "", false, err
			}
			f.at--
			known = false
		case c == '$' && quote == '"':
			known = false
		default:
			b.WriteByte(c)
		}
	}
	return "", false, ErrUnfinished
}
