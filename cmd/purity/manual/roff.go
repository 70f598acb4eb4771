package manual

import (
	"fmt"
	"strings"
)

// Roff is the page as man(1) reads it, written with the macros of man(7).
func (p Page) Roff() string {
	var b strings.Builder
	b.WriteString(`.\" Made from the command line and the texts of cmd/purity/manual; see CONTRIBUTING.md.` + "\n")
	fmt.Fprintf(&b, ".TH %s %d \"\" purity \"Purity Manual\"\n", strings.ToUpper(p.Name), p.Section)
	b.WriteString(".nh\n.ad l\n") // a flag is no word to be divided
	for i, block := range p.blocks {
		if block.kind == row && (i == 0 || p.blocks[i-1].kind != row) {
			b.WriteString(".PP\n.PD 0\n")
		}
		b.WriteString(block.roff())
		if block.kind == row && (i+1 == len(p.blocks) || p.blocks[i+1].kind != row) {
			b.WriteString(".PD\n")
		}
	}
	return b.String()
}

func (b block) roff() string {
	switch b.kind {
	case heading:
		return ".SH " + argument(strings.ToUpper(b.text.String())) + "\n"
	case subheading:
		return ".SS " + argument(b.text.String()) + "\n"
	case line:
		return b.text.roff() + ".br\n"
	case item:
		return ".TP\n" + b.term.roff() + b.text.roff()
	case row:
		return ".TP 18\n" + b.term.roff() + b.text.roff()
	case code:
		lines := ""
		for _, l := range b.code {
			lines += protected(escape(l)) + "\n"
		}
		return ".PP\n.RS 4\n.nf\n" + lines + ".fi\n.RE\n"
	}
	return ".PP\n" + b.text.roff()
}

// roff is t in lines that are not too long to be compared.
func (t text) roff() string {
	const width = 80
	var b strings.Builder
	used := 0
	for _, word := range t.words() {
		s := ""
		for _, part := range word {
			if part.font == roman {
				s += escape(part.s)
			} else {
				s += `\f` + string(part.font) + escape(part.s) + `\fR`
			}
		}
		switch {
		case used == 0:
			s = protected(s)
		case used+1+len(s) > width:
			b.WriteByte('\n')
			s, used = protected(s), 0
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(s)
		used += len(s)
	}
	return b.String() + "\n"
}

// escapes are of characters that roff does not print as they are: its own characters, and those
// that it makes typographic ones of (groff_char(7)).
var escapes = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`)

func escape(s string) string {
	var b strings.Builder
	for _, r := range escapes.Replace(s) {
		if r < 128 {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\[u%04X]`, r)
		}
	}
	return b.String()
}

// protected keeps the beginning of a line from being taken for a request.
func protected(line string) string {
	if strings.HasPrefix(line, ".") {
		return `\&` + line
	}
	return line
}

// argument is s as one argument of a macro.
func argument(s string) string {
	if s = escape(s); !strings.ContainsAny(s, " \"") {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `\(dq`) + `"`
}
