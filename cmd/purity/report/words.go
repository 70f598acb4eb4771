package report

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/enforce/observe"
)

// counted is "1 program and 2 files", of findings with those like them.
func counted(all []Finding) string { return countedKinds(listed(all), "") }

// listed are the denials of findings.
func listed(all []Finding) []observe.Denial {
	var denials []observe.Denial
	for _, f := range all {
		denials = append(append(denials, f.Denial), f.More...)
	}
	return denials
}

// countedKinds is "1 program and 2 files", with a word before each.
func countedKinds(all []observe.Denial, before string) string {
	n := map[string]int{}
	for _, d := range all {
		switch d.Kind {
		case "program", "port", "socket":
			n[d.Kind]++
		case "call":
			n["system call"]++
		default:
			n["file"]++
		}
	}
	var parts []string
	for _, what := range []string{"program", "file", "socket", "port", "system call"} {
		if n[what] > 0 {
			parts = append(parts, screen.Plural(n[what], before+what))
		}
	}
	return join(parts)
}

// others are what else f is about; empty for nothing.
func (f Finding) others() string {
	if len(f.More) == 0 {
		return ""
	}
	text := "and " + countedKinds(f.More, "more ")
	if dir := f.common(); dir != "" {
		text += " in " + dir
	}
	return screen.Printable(text)
}

// common is the directory that has all that f is about, empty if that says nothing.
func (f Finding) common() string {
	dir := path.Dir(f.Path)
	for _, d := range f.More {
		for dir != "/" && dir != "." && d.Path != dir && !strings.HasPrefix(d.Path, dir+"/") {
			dir = path.Dir(dir)
		}
	}
	if dir == "/" || dir == "." {
		return ""
	}
	return dir
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
	if text := f.others(); text != "" {
		all = append(all, "A"+text[1:])
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
	switch {
	case len(f.Brings) > 0:
		text += ", and " + countedKinds(f.Brings, "") + " that it uses"
	case f.Follow > 0: // an older report
		text += fmt.Sprintf(", and %s that it uses", screen.Plural(f.Follow, "file"))
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
