package manual

import (
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Group is flags that several commands have: those of a struct which theirs embed.
type Group struct {
	Struct string // name of the type
	Title  string
}

// own are the flags of a command that are in no group.
func (m Manual) own(n *kong.Node) []*kong.Flag {
	return slices.DeleteFunc(slices.Clone(n.Flags), func(f *kong.Flag) bool { return m.groupOf(n, f) != "" })
}

// of are the flags of a command that are in a group.
func (m Manual) of(n *kong.Node, g Group) []*kong.Flag {
	return slices.DeleteFunc(slices.Clone(n.Flags), func(f *kong.Flag) bool { return m.groupOf(n, f) != g.Struct })
}

// groupOf is the group of a flag of a command, empty if it is in none.
func (m Manual) groupOf(n *kong.Node, f *kong.Flag) string {
	for _, g := range m.groups {
		if embedded, ok := n.Target.Type().FieldByName(g.Struct); ok && embedded.Anonymous && within(f.Target, n.Target.FieldByIndex(embedded.Index)) {
			return g.Struct
		}
	}
	return ""
}

// GroupOf is the title of the group that a flag of a command is in, empty if it is in none.
func (m Manual) GroupOf(n *kong.Node, f *kong.Flag) string {
	name := m.groupOf(n, f)
	for _, g := range m.groups {
		if g.Struct == name {
			return g.Title
		}
	}
	return ""
}

// within reports whether a variable is a field of a struct.
func within(field, structure reflect.Value) bool {
	at, from := field.UnsafeAddr(), structure.UnsafeAddr()
	return at >= from && at < from+structure.Type().Size()
}

// shared are the flags of the groups, each with the commands that have them.
func (m Manual) shared() []block {
	blocks := append([]block{{kind: subheading, text: plain("Every command")}}, flags(m.app.Flags)...)
	for _, g := range m.groups {
		var commands []string
		var all []*kong.Flag
		for _, n := range m.leaves() {
			if these := m.of(n, g); len(these) > 0 {
				commands, all = append(commands, "`"+n.Path()+"`"), these
			}
		}
		if len(all) > 0 {
			blocks = append(blocks, block{kind: subheading, text: plain(g.Title)}, block{kind: paragraph, text: marked("Of " + and(commands) + ".")})
			blocks = append(blocks, flags(all)...)
		}
	}
	return blocks
}

// and enumerates.
func and(words []string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
	return strings.Join(words, "")
}
