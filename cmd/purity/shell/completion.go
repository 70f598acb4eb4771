package shell

import (
	_ "embed"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	//go:embed complete.bash
	completeBash string
	//go:embed complete.zsh
	completeZsh string
	//go:embed complete.fish
	completeFish string
)

// Completion is the code by which a shell asks purity, the program of that file
// name, how its command lines can go on.
func Completion(shell, purity string) string {
	switch shell {
	case "bash":
		return strings.ReplaceAll(completeBash, "@purity@", Quote(purity))
	case "zsh":
		return strings.ReplaceAll(completeZsh, "@purity@", Quote(purity))
	}
	return strings.ReplaceAll(completeFish, "@purity@", QuoteFish(purity))
}

// Choice is one way in which the word at the cursor can go on, with its description.
type Choice struct{ Word, Help string }

// Choices tell a shell how the word at the cursor can go on: with which paths, how
// many letters of it stay, and the choices, in the form that it inserts them in.
// A choice with control characters is dropped: no person could read it.
func Choices(shell string, at Cursor, paths, stays string, choices []Choice) string {
	fields := []string{paths}
	seen := map[string]bool{}
	if shell != "bash" {
		fields = append(fields, strconv.Itoa(utf8.RuneCountInString(stays)))
	}
	for _, c := range choices {
		if strings.ContainsFunc(c.Word, unicode.IsControl) || seen[c.Word] {
			continue
		}
		seen[c.Word] = true
		switch shell {
		case "bash":
			if word, ok := at.insert(stays + c.Word); ok {
				fields = append(fields, word)
			}
		case "zsh":
			fields = append(fields, strings.TrimSuffix(colons.Replace(c.Word)+":"+c.Help, ":"))
		case "fish":
			fields = append(fields, stays+c.Word+"\t"+c.Help)
		}
	}
	return strings.Join(fields, "\x00")
}

// colons are escaped in the first half of a line for zsh's _describe.
var colons = strings.NewReplacer(`\`, `\\`, `:`, `\:`)

// Cursor is where in a word of bash the cursor is.
type Cursor struct {
	word  string // the part before the cursor, without quotes
	from  int    // from where on bash replaces it
	quote byte   // that is open
}

// ReadLine reads the words of a line of bash up to the cursor, without quotes;
// the last one is there. Breaks is COMP_WORDBREAKS, the characters after which
// bash begins to replace.
func ReadLine(line, breaks string) (words []string, at Cursor) {
	begun := false
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case at.quote != 0 && c == at.quote:
			at.quote, at.from = 0, len(at.word)
		case c == '\\' && at.quote != '\'' && i+1 < len(line):
			if next := line[i+1]; at.quote == 0 || strings.IndexByte("$`\"\\", next) >= 0 {
				i, c = i+1, next
			}
			at.word += string([]byte{c})
		case at.quote != 0:
			at.word += string([]byte{c})
		case c == '\'' || c == '"':
			at.quote, at.from, begun = c, len(at.word), true
		case c == ' ' || c == '\t' || c == '\n':
			if begun || at.word != "" {
				words = append(words, at.word)
			}
			at, begun = Cursor{}, false
		default:
			at.word += string([]byte{c})
			if strings.IndexByte(breaks, c) >= 0 {
				at.from = len(at.word)
			}
		}
	}
	return append(words, at.word), at
}

// insert is the text that bash is to put in place of the replaced part, for the word to
// become another one that begins with it.
func (at Cursor) insert(word string) (text string, ok bool) {
	if !strings.HasPrefix(word, at.word) {
		return "", false
	}
	rest := word[at.from:]
	if rest == "" {
		return "", false
	}
	switch at.quote {
	case '\'':
		return closed(strings.ReplaceAll(rest, "'", `'\''`), "'"), true
	case '"':
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(rest)
		return closed(quoted, `"`), !strings.Contains(rest, "!") // which is history, even there
	}
	if within := strings.NewReplacer("#", "_", "=", "_").Replace(rest); Quote(within) == within && rest[0] != '#' {
		return rest, true
	}
	return Quote(rest), true
}

// closed is text before the quote that ends it, which bash puts there itself
// unless it takes the last character for it.
func closed(text, quote string) string {
	if strings.HasSuffix(text, quote) {
		return text + quote
	}
	return text
}
