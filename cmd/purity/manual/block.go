package manual

import "strings"

// A block is a piece of a page, whatever form that takes.
type block struct {
	kind kind
	term text     // of an item or a row
	text text     // of all but code
	code []string // lines
}

type kind int

const (
	heading    kind = iota // of a section
	subheading             // of a part of one
	paragraph
	line // a paragraph without a space before the next line
	item // a term, and below it the meaning
	row  // an item of a table
	code // lines that stay as they are
)

// text is words in their fonts.
type text []span

type span struct {
	font font
	s    string
}

type font byte

const (
	roman  font = 'R'
	bold   font = 'B' // is typed so
	italic font = 'I' // stands for something
)

func plain(s string) text { return text{{roman, s}} }
func typed(s string) text { return text{{bold, s}} }

// marked reads text in which `words` are typed so.
func marked(s string) text {
	var t text
	for i, part := range strings.Split(s, "`") {
		if part != "" {
			t = append(t, span{[]font{roman, bold}[i%2], part})
		}
	}
	return t
}

// commonIndent returns the least indentation of the code that lines begin with.
func commonIndent(lines []string) string {
	least := lines[0]
	for _, l := range lines {
		if !strings.HasPrefix(l, "  ") {
			break
		}
		if indent := l[:len(l)-len(strings.TrimLeft(l, " "))]; len(indent) < len(least) {
			least = indent
		}
	}
	return least
}

// parse reads blocks.
func parse(source string) []block {
	var blocks []block
	open := false // the last block goes on
	indent := ""  // of code
	lines := strings.Split(strings.Trim(source, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		l := lines[i]
		last := len(blocks) - 1
		switch indented := strings.HasPrefix(l, "  "); {
		case l == "":
			open = false
			continue
		case strings.HasPrefix(l, "# "):
			blocks = append(blocks, block{kind: subheading, text: plain(l[2:])})
		case i+1 < len(lines) && strings.HasPrefix(lines[i+1], ": "):
			i++
			blocks = append(blocks, block{kind: item, term: marked(l), text: marked(lines[i][2:])})
		case indented && open && blocks[last].kind == code:
			blocks[last].code = append(blocks[last].code, strings.TrimPrefix(l, indent))
		case indented && (!open || blocks[last].kind != item):
			indent = commonIndent(lines[i:])
			blocks = append(blocks, block{kind: code, code: []string{strings.TrimPrefix(l, indent)}})
		case open && blocks[last].kind != code:
			blocks[last].text = append(blocks[last].text, marked(" "+strings.TrimSpace(l))...)
		default:
			blocks = append(blocks, block{kind: paragraph, text: marked(l)})
		}
		open = blocks[len(blocks)-1].kind != subheading
	}
	return blocks
}
