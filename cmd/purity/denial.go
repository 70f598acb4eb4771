package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/nix-purity/purity/enforce/inspect"
	"github.com/nix-purity/purity/enforce/observe"
)

// sayDenials prints what was refused, why, and what to do.
func (p *plan) sayDenials(denials []observe.Denial) {
	own, _ := os.Executable()
	var told []finding
	for _, d := range denials {
		if d.By.Program != own || d.Access != "execute" { // what purity itself could not start it has said
			told = append(told, p.finding(d))
		}
	}
	if len(told) == 0 {
		return
	}
	if p.app.json {
		for _, f := range told {
			p.app.log.Warn().Interface("denial", f).Msg("refused " + f.subject())
		}
		return
	}
	if !p.app.quiet {
		writeFindings(p.app.stderr, told, p.app.color())
	}
}

// color reports whether what is written to standard error may have colours
// (https://no-color.org).
func (a *app) color() bool { return a.tty && os.Getenv("NO_COLOR") == "" }

// sayChanges names files that run later.
func (p *plan) sayChanges(changes []inspect.Change) {
	if len(changes) == 0 {
		return
	}
	p.app.log.Warn().Msg("changed files that run later, outside the confinement:")
	for _, c := range changes {
		p.app.log.Warn().Msgf("  %s (%s)", c.Path, c.What)
	}
}

// finding is a denial with its reasons, in words.
type finding struct {
	observe.Denial
	Where string `json:"where,omitempty"` // the line that asked for it: "Makefile:12"
	Why   string `json:"why"`
	Hint  string `json:"hint,omitempty"`
}

func (f finding) subject() string {
	if f.Address != "" {
		return f.Address
	}
	return f.Path
}

// writeFindings writes the report for people.
func writeFindings(out io.Writer, all []finding, color bool) {
	strong, plain := "", ""
	if color {
		strong, plain = "\x1b[1m", "\x1b[0m"
	}
	programs := 0
	for _, f := range all {
		if f.Kind == "program" {
			programs++
		}
	}
	fmt.Fprintf(out, "\npurity: %s outside the environment %s refused\n", counted(programs, len(all)-programs), were(len(all)))
	for _, f := range all {
		fmt.Fprintf(out, "  %s%s%s   %s\n", strong, f.subject(), plain, f.circumstances())
		if f.Real != f.Path && f.Real != "" {
			fmt.Fprintf(out, "    which is %s\n", f.Real)
		}
		fmt.Fprintf(out, "    %s\n", f.Why)
		if f.Hint != "" {
			fmt.Fprintf(out, "    hint: %s\n", f.Hint)
		}
	}
}

func counted(programs, others int) string {
	var parts []string
	for _, c := range []struct {
		n    int
		what string
	}{{programs, "program"}, {others, "file"}} {
		switch {
		case c.n == 1:
			parts = append(parts, "1 "+c.what)
		case c.n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", c.n, c.what))
		}
	}
	return strings.Join(parts, " and ")
}

func were(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// circumstances are who did it, how often, and where that is said.
func (f finding) circumstances() string {
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
