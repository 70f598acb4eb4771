package config

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

// The file of purity init says nothing, and each of its lines can be made to.
func TestTemplate(t *testing.T) {
	var out bytes.Buffer
	if err := WriteTemplate(&out); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if f := parse(t, text); len(f.Widens(dev)) > 0 || len(f.at) > 0 {
		t.Errorf("it says something: %v", f.at)
	}
	setting := regexp.MustCompile(`(?m)^#([a-z.-]+) = .*$`)
	found := setting.FindAllStringSubmatchIndex(text, -1)
	if len(found) != len(SettingKeys()) {
		t.Errorf("%d lines for %d keys", len(found), len(SettingKeys()))
	}
	for _, at := range found {
		key := text[at[2]:at[3]]
		f := parse(t, text[:at[0]]+text[at[0]+1:])
		if f.at[key].line == 0 {
			t.Errorf("%s cannot be set: %v", key, f.at)
		}
	}
	all := setting.ReplaceAllStringFunc(text, func(line string) string { return line[1:] })
	all = regexp.MustCompile(`(?m)^#   `).ReplaceAllString(all, "")
	f := parse(t, all)
	if len(f.Exceptions) != 1 || f.Exceptions[0].Until != "2027-03-31" {
		t.Errorf("exceptions: %v", f.Exceptions)
	}
	for line := range strings.Lines(text) {
		if len(line) > 110 {
			t.Errorf("a long line: %s", line)
		}
	}
}
