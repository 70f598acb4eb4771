package shell

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Confine puts a prefix before each word of a line that names a program by its
// path. Everything else stays as it was typed. Prefix says which: for a path
// that is known, or for one that only the shell can tell, by its expansions or
// because of an earlier cd; empty is none.
//
// A line that cannot be read is an error.
func Confine(language, line string, prefix func(path string, known bool) string) (string, error) {
	if language == "fish" {
		return confineFish(line, prefix)
	}
	variant := syntax.LangBash
	if language == "zsh" {
		variant = syntax.LangZsh
	}
	file, err := syntax.NewParser(syntax.Variant(variant)).Parse(strings.NewReader(line), "")
	if err != nil {
		return "", readable(err)
	}
	c := confiner{prefix: prefix, edits: map[int]string{}}
	syntax.Walk(file, c.visit)
	return c.apply(line), nil
}

// readable is a parser's error for people.
func readable(err error) error {
	var parse syntax.ParseError
	if errors.As(err, &parse) {
		if parse.Incomplete {
			return errors.New("it goes on in the next one")
		}
		return fmt.Errorf("column %d: %s", parse.Pos.Col(), parse.Text)
	}
	return err
}

// confiner collects what to insert into a line, by offset.
type confiner struct {
	prefix func(path string, known bool) string
	moved  bool // the line changes the working directory
	edits  map[int]string
}

func (c *confiner) visit(node syntax.Node) bool {
	if call, ok := node.(*syntax.CallExpr); ok {
		c.call(call.Args)
	}
	return true
}

// before are words that a command can follow, and options of theirs that take
// a word.
var before = map[string]string{
	"exec": "-a", "command": "", "nohup": "", "builtin": "", "noglob": "", "nocorrect": "", "-": "",
}

// movers change the working directory.
var movers = []string{"cd", "pushd", "popd"}

func (c *confiner) call(words []*syntax.Word) {
	for i := 0; i < len(words); i++ {
		name, known := static(words[i])
		taking, more := before[name]
		switch {
		case known && slices.Contains(movers, name):
			c.moved = true
			return
		case !known || !more:
			c.word(words[i], name, known)
			return
		}
		for i+1 < len(words) {
			option, _ := static(words[i+1])
			if !strings.HasPrefix(option, "-") || option == "-" {
				break
			}
			i++
			if option == taking {
				i++
			}
		}
	}
}

// word looks at a word that names a program.
func (c *confiner) word(w *syntax.Word, path string, known bool) {
	if !strings.Contains(path, "/") && known || !known && !hasSlash(w) {
		return
	}
	if p := c.prefix(path, known && (filepath.IsAbs(path) || !c.moved)); p != "" {
		c.edits[int(w.Pos().Offset())] = p + " "
	}
}

func (c *confiner) apply(line string) string {
	var b strings.Builder
	last := 0
	for _, at := range sortedKeys(c.edits) {
		b.WriteString(line[last:at])
		b.WriteString(c.edits[at])
		last = at
	}
	return b.String() + line[last:]
}

func sortedKeys(m map[int]string) []int {
	keys := make([]int, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
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
