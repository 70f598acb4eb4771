package config

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

const templateHead = `# What programs of this project may do beyond what its dev shell declares.
#
# Nothing is set yet, so that the default policy holds: purity policy shows it. To
# set something, remove the # in front of its line; then "purity config check" says
# whether it is right, and "purity allow" lets it count, if it opens more than the
# default. "purity learn -- make" proposes lines, and "purity help purity.toml"
# says more of each.
`

// WriteTemplate writes a purity.toml in which every key stands, with its use
// and an example, and none is set.
func WriteTemplate(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString(templateHead)
	for _, k := range SettingKeys() {
		fmt.Fprintf(&b, "\n%s#%s = %s\n", comment(k.Help), k.Name, k.Example)
	}
	b.WriteString("\n" + comment("What has to stay impure for now, each with a reason. One of these blocks for each, at the end of the file:"))
	b.WriteString("#\n#   [[exception]]\n")
	for _, k := range ExceptionKeys() {
		fmt.Fprintf(&b, "#   %s = %s\n", k.Name, k.Example)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// comment is text as lines of comment.
func comment(text string) string {
	const width = 80
	var b strings.Builder
	line := "#"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > width {
			b.WriteString(line + "\n")
			line = "#"
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
	return b.String()
}
