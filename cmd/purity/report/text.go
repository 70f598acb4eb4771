package report

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// Text writes the form for people, with bold type if color is set.
func (r Report) Text(out io.Writer, color bool) error { return r.text(out, color) }

func (r Report) text(out io.Writer, color bool) error {
	var b strings.Builder
	writeFindings(&b, r.Mode, r.Findings, color)
	if n := len(r.Excepted); n > 0 {
		fmt.Fprintf(&b, "\npurity: %s excepted by purity.toml\n", counted(r.Excepted))
	}
	for _, line := range r.UnusedExceptions {
		fmt.Fprintf(&b, "purity: warning: nothing needed the exception at %s\n", line)
	}
	if len(r.Unused) > 0 {
		fmt.Fprintf(&b, "\npurity: never used: %d of the packages of the dev shell, with the size of their closures\n", len(r.Unused))
		for _, u := range r.Unused {
			fmt.Fprintf(&b, "  %10s  %s\n", size(u.Size), u.Path)
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func writeFindings(b *strings.Builder, mode string, all []Finding, color bool) {
	if len(all) == 0 {
		if mode == "audit" {
			fmt.Fprintln(b, "purity: nothing outside the environment was used")
		}
		return
	}
	strong, plain := "", ""
	if color {
		strong, plain = "\x1b[1m", "\x1b[0m"
	}
	verb := "refused"
	if mode != "enforce" {
		verb = "used"
	}
	fmt.Fprintf(b, "\npurity: %s outside the environment %s %s\n", counted(all), were(len(all)), verb)
	for _, f := range all {
		fmt.Fprintf(b, "  %s%s%s   %s\n", strong, f.Subject(), plain, f.circumstances())
		if f.Real != f.Path && f.Real != "" {
			fmt.Fprintf(b, "    which is %s\n", f.Real)
		}
		fmt.Fprintf(b, "    %s\n", f.Why)
		if f.Hint != "" {
			fmt.Fprintf(b, "    hint: %s\n", f.Hint)
		}
	}
}

// counted is "1 program and 2 files".
func counted(all []Finding) string {
	n := map[string]int{}
	for _, f := range all {
		switch f.Kind {
		case "program", "port", "socket":
			n[f.Kind]++
		default:
			n["file"]++
		}
	}
	var parts []string
	for _, what := range []string{"program", "file", "socket", "port"} {
		switch {
		case n[what] == 1:
			parts = append(parts, "1 "+what)
		case n[what] > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", n[what], what))
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

// circumstances are who did it, how often, and where that is said.
func (f Finding) circumstances() string {
	verbs := map[string]string{"execute": "executed", "read": "read", "write": "written", "connect": "connected to", "listen": "listened at"}
	text := fmt.Sprintf("%s by %s (pid %d, in %s)", verbs[f.Access], filepath.Base(f.By.Program), f.By.PID, f.By.Dir)
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
	return text
}

// size writes bytes for people.
func size(n int64) string {
	const unit = 1024
	value, name := float64(n), "B"
	for _, next := range []string{"KiB", "MiB", "GiB"} {
		if value < unit {
			break
		}
		value, name = value/unit, next
	}
	if name == "B" {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", value, name)
}

// join is "a, b and c".
func join(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + " and " + parts[last]
}
