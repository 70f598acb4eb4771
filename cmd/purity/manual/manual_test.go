package manual

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sample = "A `typed word` in a paragraph that goes on, and\non, with a \\ and -- and it's.\n\n# A part\n\n`term`\n: What it means, over\n  two lines.\n`other`\n: More.\n\n    code  stays - as\n      it 'is'\n\n    .and so…\n"

// Every block is written in both forms, in as many lines as there is room for.
func TestForms(t *testing.T) {
	p := Page{Name: "sample", Section: 1, blocks: append(section("see also"), parse(sample)...)}
	p.blocks = append(p.blocks, block{kind: row, term: typed("a"), text: plain("first of a table whose words are wrapped")}, block{kind: row, term: typed("a-long-name-that-is-wide"), text: plain("second")})
	want := `SEE ALSO
    A typed word in a paragraph that
    goes on, and on, with a \ and -- and
    it's.

  A part
    term
            What it means, over two
            lines.

    other
            More.

        code  stays - as
          it 'is'

        .and so…

    a                 first of a table
                      whose words are
                      wrapped
    a-long-name-that-is-wide
                      second
`
	if diff := cmp.Diff(want, p.Text(40, false)); diff != "" {
		t.Error(diff)
	}
	styled := p.Text(40, true)
	if !strings.Contains(styled, "A \x1b[1mtyped\x1b[m \x1b[1mword\x1b[m in") {
		t.Errorf("%q", styled)
	}
	roff := `.SH "SEE ALSO"
.PP
A \fBtyped\fR \fBword\fR in a paragraph that goes on, and on, with a \e and \-\-
and it\(aqs.
.SS "A part"
.TP
\fBterm\fR
What it means, over two lines.
.TP
\fBother\fR
More.
.PP
.RS 4
.nf
code  stays \- as
  it \(aqis\(aq
.fi
.RE
.PP
.RS 4
.nf
\&.and so\[u2026]
.fi
.RE
.PP
.PD 0
.TP 18
\fBa\fR
first of a table whose words are wrapped
.TP 18
\fBa\-long\-name\-that\-is\-wide\fR
second
.PD
`
	_, got, _ := strings.Cut(p.Roff(), ".ad l\n")
	if diff := cmp.Diff(roff, got); diff != "" {
		t.Error(diff)
	}
}

// Every text is there, has a summary, and says something.
func TestTexts(t *testing.T) {
	for _, name := range append(append([]string{"description", "settings"}, commandTopics...), settingsTopics...) {
		title, summary, body := source(name)
		if title == "" || summary == "" || len(body) == 0 {
			t.Errorf("%s: %q, %q, %d blocks", name, title, summary, len(body))
		}
		for _, b := range body {
			if strings.HasPrefix(b.text.String(), "{") {
				t.Errorf("%s: there is no %s", name, b.text)
			}
		}
	}
}
