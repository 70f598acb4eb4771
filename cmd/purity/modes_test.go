package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A hidden mode begins with __, and those that the hooks of shells name are modes.
func TestModes(t *testing.T) {
	for word := range modes() {
		if !strings.HasPrefix(word, "__") {
			t.Errorf("%s does not begin with __", word)
		}
	}
	hooks, err := filepath.Glob("shell/*.*sh")
	if err != nil || len(hooks) == 0 {
		t.Fatal(hooks, err)
	}
	word := regexp.MustCompile(`(?:@purity@|\$_purity_bin"?) (__[a-z-]+)`)
	found := 0
	for _, file := range hooks {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range word.FindAllStringSubmatch(string(text), -1) {
			found++
			if modes()[m[1]] == nil {
				t.Errorf("%s starts purity %s, which is no mode", file, m[1])
			}
		}
	}
	if found < 8 {
		t.Errorf("only %d modes in the hooks", found)
	}
}
