package manual

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// usage is how a command is called.
func usage(n *kong.Node) text {
	t := typed("purity " + n.Path())
	if len(n.Flags) > 0 {
		t = append(t, span{roman, " ["}, span{italic, "options"}, span{roman, "]"})
	}
	for _, p := range n.Positional {
		t = append(append(t, span{roman, " "}), argumentOf(p)...)
	}
	return t
}

// argumentOf is how an argument of a command is written.
func argumentOf(p *kong.Value) text {
	name := text{{italic, p.Name}}
	words := wordsOf(p)
	switch {
	case len(words) > 0:
		name = typed(strings.Join(words, "|"))
	case p.Passthrough:
		return append(text{{roman, "["}, {bold, "--"}, {roman, "] "}}, append(name, text{{roman, " ["}, {italic, "argument"}, {roman, " ...]"}}...)...)
	case p.IsCumulative():
		name = append(name, span{roman, " ..."})
	}
	if !p.Required {
		name = append(append(text{{roman, "["}}, name...), span{roman, "]"})
	}
	return name
}

// wordsOf are the choices of a value, none if it is free.
func wordsOf(v *kong.Value) []string {
	if v.Enum == "" {
		return nil
	}
	return slices.DeleteFunc(v.EnumSlice(), func(w string) bool { return w == "" })
}

// flag is the entry of a flag.
func flag(f *kong.Flag) block {
	name := "--" + f.Name
	if f.Tag.Negatable != "" {
		name = "--[no-]" + f.Name
	}
	if f.Short != 0 {
		name = "-" + string(f.Short) + ", " + name
	}
	term := typed(name)
	if !f.IsBool() {
		value := f.FormatPlaceHolder()
		if words := wordsOf(f.Value); f.PlaceHolder == "" && len(words) > 0 {
			value = strings.Join(words, "|")
		}
		term = append(term, span{roman, "="}, span{italic, value})
	}
	return block{kind: item, term: term, text: plain(kong.DefaultHelpValueFormatter(f.Value))}
}

func flags(all []*kong.Flag) []block {
	var blocks []block
	for _, f := range all {
		if !f.Hidden {
			blocks = append(blocks, flag(f))
		}
	}
	return blocks
}

// about is the description and the arguments of a command, but for its flags.
func about(n *kong.Node) []block {
	blocks := append(parse(n.Help), parse(n.Detail)...)
	for _, p := range n.Positional {
		if p.Help != "" {
			blocks = append(blocks, block{kind: item, term: text{{italic, p.Name}}, text: plain(p.Help)})
		}
	}
	return blocks
}

// leaves are the commands that can be called.
func (m Manual) leaves() []*kong.Node { return m.app.Leaves(true) }

// find is the command of a name, such as "config check", nil if there is none.
func (m Manual) find(name string) *kong.Node {
	node := m.app.Node
	for word := range strings.FieldsSeq(name) {
		i := slices.IndexFunc(node.Children, func(n *kong.Node) bool { return n.Name == word && !n.Hidden })
		if i < 0 {
			return nil
		}
		node = node.Children[i]
	}
	return node
}
