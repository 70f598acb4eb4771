package report

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/screen"
)

// counted is "1 program and 2 files".
func counted(all []Finding) string {
	n := map[string]int{}
	for _, f := range all {
		switch f.Kind {
		case "program", "port", "socket":
			n[f.Kind]++
		case "call":
			n["system call"]++
		default:
			n["file"]++
		}
	}
	var parts []string
	for _, what := range []string{"program", "file", "socket", "port", "system call"} {
		if n[what] > 0 {
			parts = append(parts, screen.Plural(n[what], what))
		}
	}
	return join(parts)
}

func were(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// sentences are all that is said of a finding, for forms that have no lines of
// their own for it.
func (f Finding) sentences() []string {
	all := []string{screen.Printable(f.Subject()) + " " + f.circumstances()}
	if f.Real != f.Path && f.Real != "" {
		all = append(all, "Which is "+screen.Printable(f.Real))
	}
	all = append(all, screen.Printable(f.Why))
	if f.Hint != "" {
		all = append(all, screen.Printable(f.Hint))
	}
	return all
}

// circumstances are who did it, how often, where that is said, and what the
// kernel answers.
func (f Finding) circumstances() string {
	verbs := map[string]string{"execute": "executed", "read": "read", "write": "written", "connect": "connected to", "listen": "listened at", "call": "called"}
	if f.Call == "socket" {
		verbs["connect"] = "opened"
	}
	var who []string
	if f.By.PID != 0 {
		who = append(who, fmt.Sprintf("pid %d", f.By.PID))
	}
	if f.By.Dir != "" {
		who = append(who, "in "+f.By.Dir)
	}
	text := verbs[f.Access]
	if f.By.Program != "" {
		text += " by " + filepath.Base(f.By.Program)
	}
	if len(who) > 0 {
		text += " (" + strings.Join(who, ", ") + ")"
	}
	if f.Script != "" {
		text += ", for " + f.Script
	}
	if f.Where != "" {
		text += ", " + f.Where
	}
	if f.Count > 1 {
		text += fmt.Sprintf(", %d times", f.Count)
	}
	if f.Follow > 0 {
		text += fmt.Sprintf(", with %d files of its own", f.Follow)
	}
	return screen.Printable(text + f.answer())
}

// answer is what the kernel says, and how that is known.
func (f Finding) answer() string {
	switch {
	case f.Verdict == "would be" && f.Errno != "":
		return ": would be " + f.Errno
	case f.Verdict == "would be":
		return ""
	case f.Errno != "":
		return ": " + f.Errno + ", " + f.Verdict
	}
	return ": " + f.Verdict
}

// join is "a, b and c".
func join(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + " and " + parts[last]
}
