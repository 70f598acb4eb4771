// Package complete finds the candidates at the cursor on a command line
// of purity, from the command line's own definition.
//
// The values of a flag are told by its enum, or by the placeholder that help texts
// have for it: words in small letters stand for themselves, those in capitals for
// the values that a [Source] of that name knows, or for paths.
package complete

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Line is a command line up to the cursor.
type Line struct {
	// Word is what of the word at the cursor is before it, and Value what of
	// that is the value of a flag or argument: without "--flake=".
	Word, Value string
	// Args are the arguments before it that are no commands, flags or their
	// values.
	Args []string

	node    *kong.Node
	given   map[string][]string // values of flags, by their long names
	awaited *kong.Flag          // the flag whose value is next
	plain   bool                // after --, where no flags are
}

// Read reads the words after the program's name. The last one, which can be
// empty, is at the cursor.
func Read(app *kong.Application, words []string) *Line {
	last := len(words) - 1
	l := &Line{node: app.Node, given: map[string][]string{}}
	for _, word := range words[:last] {
		l.take(word)
	}
	l.Word = words[last]
	return l
}

// Given are the values of a flag that is there, by its long name.
func (l *Line) Given(flag string) []string { return l.given[flag] }

// Takes reports whether the first argument of the command is of a kind.
func (l *Line) Takes(kind string) bool {
	return len(l.node.Positional) > 0 && slices.Contains(kinds(l.node.Positional[0]), kind)
}

func (l *Line) take(word string) {
	switch child := child(l.node, word); {
	case l.awaited != nil:
		l.give(l.awaited, word)
		l.awaited = nil
	case l.passing():
		l.Args = append(l.Args, word)
	case word == "--" && !l.plain:
		l.plain = true
	case len(word) > 1 && word[0] == '-' && !l.plain:
		l.takeFlag(word)
	case child != nil:
		l.node = child
	default:
		l.Args = append(l.Args, word)
	}
}

// passing reports whether all that follows belongs to a command that is run.
func (l *Line) passing() bool {
	return len(l.Args) > 0 && len(l.node.Positional) > 0 && l.node.Positional[0].Passthrough
}

func child(of *kong.Node, name string) *kong.Node {
	for _, n := range of.Children {
		if n.Name == name || slices.Contains(n.Aliases, name) {
			return n
		}
	}
	return nil
}

// takeFlag takes --flag, --flag=value, -f, -fvalue, or several short ones.
func (l *Line) takeFlag(word string) {
	if name, ok := strings.CutPrefix(word, "--"); ok {
		name, value, written := strings.Cut(name, "=")
		switch f := flagNamed(l.node, name); {
		case f == nil:
		case written || f.IsBool():
			l.give(f, value)
		default:
			l.awaited = f
		}
		return
	}
	for i, letter := range word[1:] {
		f := short(l.node, letter)
		rest := word[1+i+len(string(letter)):]
		switch {
		case f == nil:
			return
		case f.IsBool():
			l.give(f, "")
		case rest != "":
			l.give(f, rest)
			return
		default:
			l.awaited = f
		}
	}
}

func (l *Line) give(f *kong.Flag, value string) { l.given[f.Name] = append(l.given[f.Name], value) }

// flagsOf are those that can follow a command: its own, and those of all.
func flagsOf(node *kong.Node) []*kong.Flag {
	var flags []*kong.Flag
	for n := node; n != nil; n = n.Parent {
		flags = append(flags, n.Flags...)
	}
	return slices.DeleteFunc(flags, func(f *kong.Flag) bool { return f.Hidden })
}

// flagNamed is the one of a long name, nil if there is none.
func flagNamed(node *kong.Node, name string) *kong.Flag {
	for _, f := range flagsOf(node) {
		if f.Name == name || slices.Contains(f.Aliases, name) || f.Tag.Negatable != "" && "no-"+f.Name == name {
			return f
		}
	}
	return nil
}

func short(node *kong.Node, letter rune) *kong.Flag {
	for _, f := range flagsOf(node) {
		if f.Short == letter {
			return f
		}
	}
	return nil
}
