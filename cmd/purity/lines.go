package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
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
	b.WriteByte('\n')
	if hint != nil {
		fmt.Fprintf(&b, "purity: hint: %s\n", hint)
	}
	_, err := io.WriteString(l.out, printable(b.String()))
	return len(event), err
}

// printable shows control characters, which names of files can have and
// terminals obey.
func printable(s string) string {
	if strings.IndexFunc(s, hidden) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func hidden(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
