package main

import (
	"strings"
	"testing"
)

// Flags of a command count wherever they stand; its own words are no flags.
func TestBeside(t *testing.T) {
	for line, want := range map[string]string{
		"purity hook enter-shell":                         "",
		"purity hook enter-shell --enter=shell":           "--enter=shell",
		"purity -q hook enter-shell --enter=shell":        "-q --enter=shell",
		"purity hook -q enter-shell --level nix":          "-q --level nix",
		"/bin/purity hook enter-shell --project hook":     "--project hook",
		"purity hook enter-shell --outside enter-shell x": "--outside enter-shell x",
	} {
		if got := strings.Join(beside(strings.Fields(line), "hook", "enter-shell"), " "); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
		if !entersShell(strings.Fields(strings.Replace(line, "hook -q", "hook", 1))) {
			t.Errorf("%s enters no shell", line)
		}
	}
	if entersShell(strings.Fields("purity hook bash")) || entersShell(strings.Fields("purity exec enter-shell")) {
		t.Error("another command enters a shell")
	}
}
