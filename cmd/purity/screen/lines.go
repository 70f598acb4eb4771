package screen

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// lines writes zerolog's events as lines for people: "purity: warning: …",
// with the hint on a line of its own, so that it can be pasted.
type lines struct{ out io.Writer }

func (l lines) Write(event []byte) (int, error) {
	var fields map[string]any
	if err := json.Unmarshal(event, &fields); err != nil {
		return 0, err
	}
	var b strings.Builder
	b.WriteString("purity: ")
	switch level := fields["level"]; level {
	case "info":
	case "warn":
		b.WriteString("warning: ")
	default:
		fmt.Fprintf(&b, "%s: ", level)
	}
	fmt.Fprint(&b, fields["message"])
	hint := fields["hint"]
	for _, reserved := range []string{"level", "message", "hint"} {
		delete(fields, reserved)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		fmt.Fprintf(&b, " %s=%v", name, fields[name])
	}
	text := told(b.String())
	if hint != nil {
		text += told(fmt.Sprintf("purity: hint: %s", hint))
	}
	_, err := io.WriteString(l.out, text)
	return len(event), err
}

// told shows control characters, and has each line of a message but the
// first begin with blanks: a name with a line break in it must not look like
// another message.
func told(message string) string {
	lines := strings.Split(strings.ReplaceAll(strings.TrimSuffix(message, "\n"), "\t", "        "), "\n")
	for i, line := range lines {
		lines[i] = Printable(line)
		if i > 0 && !strings.HasPrefix(line, " ") {
			lines[i] = "  " + lines[i]
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// Printf writes text made of strings from elsewhere, none of which a terminal
// obeys.
func Printf(out io.Writer, format string, args ...any) {
	for i, arg := range args {
		switch arg := arg.(type) {
		case string:
			args[i] = Printable(arg)
		case error:
			args[i] = Printable(arg.Error())
		case fmt.Stringer:
			args[i] = Printable(arg.String())
		}
	}
	fmt.Fprintf(out, format, args...)
}
