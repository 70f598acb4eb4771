package screen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// PrintJSON prints a value for people and machines.
func PrintJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(PlainJSON(out))
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// PlainJSON returns a writer of JSON that escapes there what [Printable] shows. JSON itself asks
// for no more than the control characters of ASCII, but terminals obey others. Each
// write is of whole characters.
func PlainJSON(out io.Writer) io.Writer { return plainJSON{out} }

type plainJSON struct{ out io.Writer }

func (p plainJSON) Write(data []byte) (int, error) {
	if !bytes.ContainsFunc(data, hiddenInJSON) {
		return p.out.Write(data)
	}
	var b bytes.Buffer
	for _, r := range string(data) {
		if !hiddenInJSON(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	if _, err := p.out.Write(b.Bytes()); err != nil {
		return 0, err
	}
	return len(data), nil
}

// hiddenInJSON leaves alone what is between the texts, and the character for bytes that are none.
func hiddenInJSON(r rune) bool { return r >= 0x7f && r != utf8.RuneError && hidden(r) }
