package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/nixeval"
)

// progress shows what a running nix does: one line that is overwritten on a
// terminal, and elsewhere one line when it is done.
type progress struct {
	app     *app
	subject string
	start   time.Time
	asked   bool // nix was started at all
	shown   bool // there is a line on the terminal
	silent  bool // nothing is to remain of it
	running []nixeval.Event
}

func newProgress(a *app, subject string, silent bool) *progress {
	return &progress{app: a, subject: subject, silent: silent, start: time.Now()}
}

// event is nixeval's Report. Errors are left to the one who gets them.
func (p *progress) event(e nixeval.Event) {
	switch e.Kind {
	case nixeval.Started:
		p.asked = true
		p.app.log.Debug().Msg("start " + e.Text)
	case nixeval.Begun:
		p.running = append(p.running, e)
	case nixeval.Ended:
		p.running = slices.DeleteFunc(p.running, func(r nixeval.Event) bool { return r.ID == e.ID })
	case nixeval.Warning:
		if p.silent || strings.Contains(e.Text, "deprecated") { // how purity calls Nix is no concern of the user's
			p.app.log.Debug().Msg("nix: " + e.Text)
			return
		}
		p.clear()
		p.app.log.Warn().Msg("nix: " + e.Text)
	case nixeval.Log, nixeval.Note:
		p.app.log.Debug().Msg("nix: " + e.Text)
	}
	p.show()
}

// show puts the newest activity on the terminal.
func (p *progress) show() {
	if !p.app.tty || p.app.quiet {
		return
	}
	doing := "evaluating " + p.subject
	if n := len(p.running); n > 0 {
		doing = p.running[n-1].Text
	}
	line := []rune(screen.Printable(fmt.Sprintf("purity: %s (%.0f s)", doing, time.Since(p.start).Seconds())))
	if width := screen.Width(p.app.stderr); width > 1 && len(line) >= width {
		line = line[:width-1]
	}
	fmt.Fprintf(p.app.stderr, "\r\x1b[K%s", string(line))
	p.shown = true
}

func (p *progress) clear() {
	if p.shown {
		fmt.Fprint(p.app.stderr, "\r\x1b[K")
		p.shown = false
	}
}

// done says what the work came to, unless there was none.
func (p *progress) done(env nixeval.Environment, err error) {
	p.clear()
	if err != nil || !p.asked || p.silent {
		return
	}
	p.app.log.Info().Msgf("evaluated %s in %.1f s: %d store paths", p.subject, time.Since(p.start).Seconds(), len(env.Paths))
}
