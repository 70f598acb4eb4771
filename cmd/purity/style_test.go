package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Limits of style, from the section Words of CONTRIBUTING.md.
const (
	readmeWords   = 900
	sentenceWords = 20
	textLimit     = 3.0 // "what" in 1,000 words of text
	commentLimit  = 3.0 // "what" in 1,000 words of comments
)

var (
	vague    = regexp.MustCompile(`(?i)\bwhat\b`)
	unwanted = regexp.MustCompile(`(?i)\b(failed to|is said|is told|somebody)\b`)
)

// texts returns all texts for people, by name.
func texts(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range []string{"README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"} {
		data, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(data)
	}
	for _, page := range theManual(model()).Pages() { // with the help of all commands and flags
		all[page.Name+"("+string(rune('0'+page.Section))+")"] = page.Text(1000, false)
	}
	return all
}

// Texts for people follow the rules of CONTRIBUTING.md that can be counted.
func TestStyle(t *testing.T) {
	for name, text := range texts(t) {
		if rate := rateOf(text); rate > textLimit {
			t.Errorf(`%s has "what" %.1f times in 1,000 words, more than %.0f`, name, rate, textLimit)
		}
		if found := unwanted.FindString(text); found != "" {
			t.Errorf("%s has %q", name, found)
		}
		if words := len(strings.Fields(text)); name == "README.md" && words > readmeWords {
			t.Errorf("README.md has %d words, more than %d", words, readmeWords)
		}
	}
	for _, n := range model().Leaves(false) {
		for _, f := range n.Flags {
			for sentence := range strings.SplitSeq(f.Help, ". ") {
				if words := len(strings.Fields(sentence)); words > sentenceWords {
					t.Errorf("%s --%s has a sentence of %d words: %s", n.Path(), f.Name, words, sentence)
				}
			}
		}
	}
}

// The texts that a command line prints name one kernel.
func TestStyleKernel(t *testing.T) {
	for name, text := range texts(t) {
		if name != "CHANGELOG.md" && name != "CONTRIBUTING.md" && name != "purity.toml(5)" && !strings.Contains(text, "Linux 6.2") {
			t.Errorf("%s does not name Linux 6.2", name)
		}
	}
}

// Comments of Go files follow them, too.
func TestStyleComments(t *testing.T) {
	var all strings.Builder
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, group := range file.Comments {
			all.WriteString(group.Text())
			if found := unwanted.FindString(group.Text()); found == "failed to" {
				t.Errorf("%s: a comment has %q", path, found)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	rate := rateOf(all.String())
	t.Logf(`comments have "what" %.1f times in 1,000 words`, rate)
	if rate > commentLimit {
		t.Errorf(`comments have "what" %.1f times in 1,000 words, more than %.0f`, rate, commentLimit)
	}
}

// rateOf returns how often a text has "what" in 1,000 words.
func rateOf(text string) float64 {
	return 1000 * float64(len(vague.FindAllString(text, -1))) / float64(len(strings.Fields(text)))
}
