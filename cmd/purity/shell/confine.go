package shell

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// ErrUnfinished says that a line goes on in the next one.
var ErrUnfinished = errors.New("it goes on in the next one")

// Confine puts a program before each word of a line that names one by its path, where
// decides says so: of a path that is known, or of one that only the shell can tell, by
// its expansions. Everything else stays as it was typed.
//
// A line that cannot be read is an error.
func Confine(language, line, program string, decides func(path string, known bool) bool) (string, error) {
	var at []int // where program goes
	var err error
	if language == "fish" {
		at, err = namedInFish(line, decides)
	} else {
		at, err = namedInBash(line, decides)
	}
	if err != nil {
		return "", err
	}
	slices.Sort(at)
	var b strings.Builder
	last := 0
	for _, i := range at {
		b.WriteString(line[last:i] + program + " ")
		last = i
	}
	return b.String() + line[last:], nil
}

// namedInBash is where the words are in a line that name programs by path.
func namedInBash(line string, decides func(path string, known bool) bool) ([]int, error) {
	// The end of the line begins the text of a here-document.
	file, err := syntax.NewParser(syntax.KeepComments(true)).Parse(strings.NewReader(line+"\n"), "")
	switch {
	case unfinished(err), err == nil && continued(line, file):
		return nil, ErrUnfinished
	case err != nil:
		return nil, readable(err)
	}
	b := bashLine{decides: decides}
	syntax.Walk(file, b.visit)
	return b.named, nil
}

func unfinished(err error) bool {
	return syntax.IsIncomplete(err) || err != nil && strings.Contains(err.Error(), "unclosed here-document")
}

// continued reports whether a line ends with a backslash that says so.
func continued(line string, file *syntax.File) bool {
	end := len(strings.TrimRight(line, `\`))
	comment := false
	syntax.Walk(file, func(n syntax.Node) bool {
		if c, ok := n.(*syntax.Comment); ok {
			comment = comment || int(c.End().Offset()) >= end
		}
		return true
	})
	return !comment && (len(line)-end)%2 == 1
}

// readable is a parser's error for people.
func readable(err error) error {
	var parse syntax.ParseError
	if errors.As(err, &parse) {
		return fmt.Errorf("column %d: %s", parse.Pos.Col(), parse.Text)
	}
	return err
}

// bashLine collects where words name programs by path.
type bashLine struct {
	decides func(path string, known bool) bool
	named   []int
}

func (b *bashLine) visit(node syntax.Node) bool {
	if call, ok := node.(*syntax.CallExpr); ok {
		b.call(call.Args)
	}
	return true
}

// before are builtins that a command can follow, with their options: which take a
// word, and with which none follows, or it is looked for elsewhere than in PATH.
var before = map[string]struct{ taking, ending string }{
	"exec":    {taking: "a"},
	"command": {ending: "vVp"},
}

func (b *bashLine) call(words []*syntax.Word) {
	for i := 0; i < len(words); i++ {
		name, known := static(words[i])
		options, more := before[name]
		if !known || !more {
			b.word(words[i], name, known)
			return
		}
		for i+1 < len(words) {
			option, _ := static(words[i+1])
			if !strings.HasPrefix(option, "-") {
				break
			}
			i++
			switch {
			case option == "--":
			case strings.ContainsAny(option, options.ending):
				return
			case options.taking != "" && strings.HasSuffix(option, options.taking):
				i++
			}
		}
	}
}

// word looks at a word that names a program.
func (b *bashLine) word(w *syntax.Word, path string, known bool) {
	if known && !strings.Contains(path, "/") || !known && !hasSlash(w) {
		return
	}
	if b.decides(path, known) {
		b.named = append(b.named, int(w.Pos().Offset()))
	}
}

// hasSlash reports whether a word whose value is not known has a slash that
// was typed.
func hasSlash(w *syntax.Word) bool {
	found := false
	for _, part := range w.Parts {
		syntax.Walk(part, func(n syntax.Node) bool {
			switch n := n.(type) {
			case *syntax.Lit:
				found = found || strings.Contains(n.Value, "/")
			case *syntax.SglQuoted:
				found = found || strings.Contains(n.Value, "/")
			case *syntax.CmdSubst, *syntax.ParamExp, *syntax.ArithmExp, *syntax.ProcSubst:
				return false
			}
			return true
		})
	}
	return found
}

// static is the value of a word, if no shell is needed to know it: one without
// expansions, but for a tilde and the variables HOME and PWD.
func static(w *syntax.Word) (value string, known bool) {
	var b strings.Builder
	for i, part := range w.Parts {
		switch part := part.(type) {
		case *syntax.Lit:
			text := part.Value
			if i == 0 && (text == "~" || strings.HasPrefix(text, "~/")) {
				b.WriteString(os.Getenv("HOME"))
				text = text[1:]
			}
			if i == 0 && strings.HasPrefix(text, "~") || i > 0 && strings.HasPrefix(text, ":") || globs(text) { // zsh has $HOME:h
				return "", false
			}
			b.WriteString(unescape(text, false))
		case *syntax.SglQuoted:
			if part.Dollar {
				return "", false
			}
			b.WriteString(part.Value)
		case *syntax.DblQuoted:
			for _, inner := range part.Parts {
				text, ok := quoted(inner)
				if !ok || part.Dollar {
					return "", false
				}
				b.WriteString(text)
			}
		default:
			text, ok := variable(part)
			if !ok || strings.ContainsAny(text, " \t\n*?[") { // the shell would split it
				return "", false
			}
			b.WriteString(text)
		}
	}
	return b.String(), true
}

func quoted(part syntax.WordPart) (string, bool) {
	if lit, ok := part.(*syntax.Lit); ok {
		return unescape(lit.Value, true), true
	}
	return variable(part)
}

// variable is the value of $HOME or $PWD.
func variable(part syntax.WordPart) (string, bool) {
	exp, ok := part.(*syntax.ParamExp)
	if !ok || exp.Param == nil || exp.Param.Value != "HOME" && exp.Param.Value != "PWD" {
		return "", false
	}
	if !exp.Short || exp.Index != nil || len(exp.Modifiers) > 0 { // ${HOME#x}, and in zsh $HOME:h
		return "", false
	}
	return os.Getenv(exp.Param.Value), true
}

// globs reports whether a shell would look for files, or make several words,
// of unquoted text.
func globs(text string) bool {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '*', '?', '[', '{', '^', '#', '(', '=':
			return true
		}
	}
	return false
}

// unescape drops backslashes, in double quotes only those that quote there.
func unescape(text string, double bool) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) && (!double || strings.IndexByte("$`\"\\\n", text[i+1]) >= 0) {
			i++
			if text[i] == '\n' {
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
