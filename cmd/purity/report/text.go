package report

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/nix-purity/purity/cmd/purity/screen"
)

// most is how many findings are shown to people, and how many paths they are to paste.
// The forms for machines have all.
const most = 40

// InPolicy begins a hint that ends with a line of purity.toml.
const InPolicy = "if it has to be, in purity.toml:  "

// Text writes the form for people.
func (r Report) Text(out io.Writer, style screen.Style) error {
	w := writer{style: style}
	w.findings(r)
	if text := r.Doubt(); text != "" {
		w.line("purity: warning: " + text)
	}
	if len(r.Gone) > 0 {
		w.line("")
		w.line("purity: " + counted(r.Gone) + " no more used outside the environment")
		for i, f := range r.Gone {
			if i == most {
				w.line(fmt.Sprintf("  and %d more", len(r.Gone)-most))
				break
			}
			w.line("  " + screen.Printable(f.Subject()))
		}
	}
	if len(r.Excepted) > 0 {
		w.line("")
		w.line("purity: " + counted(r.Excepted) + " excepted by purity.toml")
	}
	for _, origin := range r.UnusedExceptions {
		w.line("purity: warning: nothing needed the exception at " + screen.Printable(origin))
	}
	for _, origin := range r.ExpiredExceptions {
		over := " is over"
		if until := r.until[origin]; until != "" {
			over = " ended on " + until
		}
		w.line("purity: warning: the exception at " + screen.Printable(origin) + over + ", and was needed")
	}
	w.unused(r.Unused)
	_, err := io.WriteString(out, w.text.String())
	return err
}

// writer makes text of a report.
type writer struct {
	style screen.Style
	text  strings.Builder
}

// line writes a line; words without room continue below, further in.
func (w *writer) line(text string) {
	indent := strings.Repeat(" ", len(text)-len(strings.TrimLeft(text, " "))+4)
	w.text.WriteString(screen.Wrap(text, indent, w.style.Width) + "\n")
}

func (w *writer) findings(r Report) {
	if len(r.Findings) == 0 {
		if r.Mode == "audit" && r.Doubt() == "" && r.Gone == nil {
			w.line("purity: nothing outside the environment was used")
		}
		return
	}
	verb := "denied"
	if r.Mode != "enforce" {
		verb = "used"
	}
	w.line("")
	w.line(fmt.Sprintf("purity: %s outside the environment %s %s", counted(r.Findings), were(len(listed(r.Findings))), verb))
	for i, f := range r.Findings {
		if i == most {
			w.line(fmt.Sprintf("  and %d more; a report in JSON has all: --report-format json", len(r.Findings)-most))
			break
		}
		w.finding(f)
	}
	w.together(r.Findings)
}

// pasted is the line of purity.toml at the end of a hint.
var pasted = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`:  (read|write|sockets|presets|capabilities) = \[(".*")\]$`)
})

// together are the lines of hints as they can stand in one purity.toml, where
// there are more with the same key.
func (w *writer) together(findings []Finding) {
	values, known := map[string][]string{}, map[string]bool{}
	for _, f := range findings {
		m := pasted().FindStringSubmatch(screen.Printable(f.Hint))
		if m == nil || known[m[1]+m[2]] {
			continue
		}
		known[m[1]+m[2]] = true
		values[m[1]] = append(values[m[1]], m[2])
	}
	if len(known) == len(values) { // the hints are right as they are
		return
	}
	w.line("")
	if len(known) > most {
		w.line(fmt.Sprintf("purity: all of it in purity.toml would be %d paths; purity learn writes them", len(known)))
		return
	}
	w.line("purity: all of it, in purity.toml:")
	for _, key := range slices.Sorted(maps.Keys(values)) { // not wrapped: they are to be pasted
		w.text.WriteString(list(key, values[key]))
	}
}

// list is a list of TOML, in lines where it is long.
func list(key string, values []string) string {
	if len(values) > 3 {
		return "  " + key + " = [\n    " + strings.Join(values, ",\n    ") + ",\n  ]\n"
	}
	return "  " + key + " = [" + strings.Join(values, ", ") + "]\n"
}

func (w *writer) finding(f Finding) {
	subject := screen.Printable(f.Subject())
	line := screen.Wrap("  "+subject+"   "+f.circumstances(), "      ", w.style.Width)
	if w.style.Bold {
		line = strings.Replace(line, subject, "\x1b[1m"+subject+"\x1b[0m", 1)
	}
	w.text.WriteString(line + "\n")
	if f.Real != f.Path && f.Real != "" {
		w.line("    which is " + screen.Printable(f.Real))
	}
	if text := f.others(); text != "" {
		w.line("    " + text)
	}
	w.line("    " + screen.Printable(f.Why))
	if f.Hint != "" {
		w.line("    hint: " + screen.Printable(f.Hint))
	}
}

// unused names the packages that the dev shell declares, for those can be left
// out; packages that come with it are only counted.
func (w *writer) unused(all []Unused) {
	declared := 0
	for _, u := range all {
		if !u.Declared {
			continue
		}
		if declared++; declared == 1 {
			w.line("")
			w.line("purity: never used of the packages that the dev shell declares, with the size of their closures:")
		}
		w.line(fmt.Sprintf("  %10s  %s", screen.Size(u.Size), screen.Printable(u.Path)))
	}
	if others := len(all) - declared; others > 0 {
		if declared == 0 {
			w.line("")
		}
		w.line(fmt.Sprintf("purity: never used, but not declared: %s", screen.Plural(others, "package")))
	}
}

// Doubt is why a report may not have everything, empty if it has.
func (r Report) Doubt() string {
	switch {
	case !r.Watched:
		return "purity could not watch the command, and knows none of its uses"
	case r.Unjudged > 0:
		return screen.Plural(r.Unjudged, "system call") + " could not be read, so there may be more"
	}
	return ""
}

// Clean reports whether nothing was found, and everything seen.
func (r Report) Clean() bool { return len(r.Findings) == 0 && r.Doubt() == "" }
