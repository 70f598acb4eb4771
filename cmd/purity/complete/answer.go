package complete

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Answer is the set of candidates at the cursor.
type Answer struct {
	Prefix     string // part of the word that stays before each candidate
	Candidates []Candidate
	Paths      Paths // that can stand there as well
}

// Candidate is one of the things, with its description.
type Candidate struct{ Value, Help string }

// Paths are files, which shells themselves know best.
type Paths string

// Kinds of paths.
const (
	NoPaths     Paths = "none"
	Files       Paths = "files"
	Directories Paths = "directories"
)

// pathKinds are placeholders that paths can stand for.
var pathKinds = map[string]Paths{
	"FILE": Files, "PATH": Files, "STORE-PATH": Files, "COMMAND": Files, "PROGRAM": Files, "PROG": Files, "DIR": Directories, "REF": Directories,
}

// Source knows the values of a kind.
type Source func(*Line) []Candidate

// Answer finds the candidates at the cursor.
func (l *Line) Answer(sources map[string]Source) Answer {
	name, _, written := strings.Cut(l.Word, "=")
	switch flag := flagNamed(l.node, strings.TrimPrefix(name, "--")); {
	case l.awaited != nil:
		return l.value(l.awaited.Value, "", sources)
	case l.passing():
		return Answer{Paths: Files}
	case l.plain || !strings.HasPrefix(l.Word, "-"):
		return l.argument(sources)
	case written && flag != nil && strings.HasPrefix(l.Word, "--"):
		return l.value(flag.Value, name+"=", sources)
	}
	return Answer{Candidates: l.flagCandidates(), Paths: NoPaths}
}

// argument answers where a command or an argument can stand.
func (l *Line) argument(sources map[string]Source) Answer {
	answer := Answer{Paths: NoPaths}
	for _, n := range l.node.Children {
		if !n.Hidden {
			answer.Candidates = append(answer.Candidates, Candidate{n.Name, n.Help})
		}
	}
	all := l.node.Positional
	if len(all) == 0 {
		return answer
	}
	if at := len(l.Args); at < len(all) {
		return l.value(all[at], "", sources)
	}
	if last := all[len(all)-1]; last.IsCumulative() {
		return l.value(last, "", sources)
	}
	return answer
}

// flagCandidates are the flags that can still be given.
func (l *Line) flagCandidates() []Candidate {
	var candidates []Candidate
	excluded := map[string]bool{}
	for _, f := range flagsOf(l.node) {
		if l.given[f.Name] != nil {
			for _, x := range f.Xor {
				excluded[x] = true
			}
		}
	}
	for _, f := range flagsOf(l.node) {
		switch {
		case l.given[f.Name] != nil && !f.IsCumulative():
		case l.given[f.Name] == nil && slices.ContainsFunc(f.Xor, func(x string) bool { return excluded[x] }):
		default:
			candidates = append(candidates, Candidate{"--" + f.Name, f.Help})
			if f.Tag.Negatable != "" {
				candidates = append(candidates, Candidate{"--no-" + f.Name, "Not: " + f.Help})
			}
		}
	}
	return candidates
}

// value answers for the value of a flag or an argument, which stands in the
// word after a prefix.
func (l *Line) value(v *kong.Value, prefix string, sources map[string]Source) Answer {
	l.Value = strings.TrimPrefix(l.Word, prefix)
	var before []string // of a list
	if sep := v.Tag.Sep; v.IsSlice() && sep != -1 && v.Flag != nil {
		if i := strings.LastIndexByte(l.Value, byte(sep)); i >= 0 {
			before = strings.Split(l.Value[:i], string(sep))
			prefix += l.Value[:i+1]
			l.Value = l.Value[i+1:]
		}
	}
	answer := Answer{Prefix: prefix, Paths: NoPaths}
	answer.Candidates = slices.DeleteFunc(l.candidates(v, sources), func(c Candidate) bool { return slices.Contains(before, c.Value) })
	if !slices.ContainsFunc(answer.Candidates, l.begun) && !(strings.Contains(l.Value, "#") && slices.Contains(kinds(v), "REF")) {
		answer.Paths = paths(v)
	}
	return answer
}

// begun reports whether a candidate begins with the typed part.
func (l *Line) begun(c Candidate) bool { return strings.HasPrefix(c.Value, l.Value) }

// candidates are the known values of the first of the kinds of a value that has some.
func (l *Line) candidates(v *kong.Value, sources map[string]Source) []Candidate {
	var words []Candidate
	for _, kind := range kinds(v) {
		if kind == strings.ToLower(kind) {
			words = append(words, Candidate{Value: kind})
		}
	}
	for _, kind := range named(v) {
		if source := sources[kind]; source != nil {
			if found := source(l); slices.ContainsFunc(found, l.begun) {
				return append(found, slices.DeleteFunc(words, func(w Candidate) bool {
					return slices.ContainsFunc(found, func(c Candidate) bool { return c.Value == w.Value })
				})...)
			}
		}
	}
	return words
}

// named are the kinds of a value that a source can be of, its own name first.
func named(v *kong.Value) []string {
	name := strings.ToUpper(v.Name)
	return append([]string{name}, slices.DeleteFunc(kinds(v), func(k string) bool { return k == name })...)
}

// kinds are the choices of a value: words in small letters, kinds in capitals.
func kinds(v *kong.Value) []string {
	var words []string
	if v.Enum != "" {
		words = slices.DeleteFunc(v.EnumSlice(), func(w string) bool { return w == "" })
	}
	if len(words) > 0 {
		return words
	}
	name := strings.ToUpper(v.Name)
	if placeholder := v.Tag.PlaceHolder; placeholder != "" || v.Flag != nil {
		name = placeholder
	}
	return strings.Split(name, "|")
}

// paths are those that a value can be.
func paths(v *kong.Value) Paths {
	for _, kind := range kinds(v) {
		if p, ok := pathKinds[kind]; ok {
			return p
		}
	}
	if v.Tag.Type == "path" {
		return Files
	}
	return NoPaths
}
