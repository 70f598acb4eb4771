package screen

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nix-purity/purity/nixeval"
)

// Progress shows the progress of a running nix: one line that is overwritten on a
// terminal, and elsewhere one line when it is done.
type Progress struct {
	voice   Voice
	subject string
	start   time.Time
	Asked   bool // nix was started at all
	shown   bool // there is a line on the terminal
	silent  bool // nothing is to remain of it
	running []nixeval.Event
}

// NewProgress is the progress of the evaluation of a subject.
func NewProgress(v Voice, subject string, silent bool) *Progress {
	return &Progress{voice: v, subject: subject, silent: silent, start: time.Now()}
}

// Event is nixeval's Report. Errors are left to the one who gets them.
func (p *Progress) Event(e nixeval.Event) {
	switch e.Kind {
	case nixeval.Started:
		p.Asked = true
		p.voice.Log.Debug().Msg("start " + e.Text)
	case nixeval.Begun:
		p.running = append(p.running, e)
	case nixeval.Ended:
		p.running = slices.DeleteFunc(p.running, func(r nixeval.Event) bool { return r.ID == e.ID })
	case nixeval.Warning:
		if p.silent || strings.Contains(e.Text, "deprecated") { // how purity calls Nix is no concern of the user's
			p.voice.Log.Debug().Msg("nix: " + e.Text)
			return
		}
		p.clear()
		p.voice.Log.Warn().Msg("nix: " + e.Text)
	case nixeval.Log, nixeval.Note:
		p.voice.Log.Debug().Msg("nix: " + e.Text)
	}
	p.show()
}

// show puts the newest activity on the terminal.
func (p *Progress) show() {
	if !p.voice.TTY || p.voice.Quiet {
		return
	}
	doing := "evaluating " + p.subject
	if n := len(p.running); n > 0 {
		doing = p.running[n-1].Text
	}
	line := []rune(Printable(fmt.Sprintf("purity: %s (%.0f s)", doing, time.Since(p.start).Seconds())))
	if width := Width(p.voice.Stderr); width > 1 && len(line) >= width {
		line = line[:width-1]
	}
	fmt.Fprintf(p.voice.Stderr, "\r\x1b[K%s", string(line))
	p.shown = true
}

func (p *Progress) clear() {
	if p.shown {
		fmt.Fprint(p.voice.Stderr, "\r\x1b[K")
		p.shown = false
	}
}

// Done prints the result of the work, unless there was none.
func (p *Progress) Done(env nixeval.Environment, err error) {
	p.clear()
	if err != nil || !p.Asked || p.silent {
		return
	}
	p.voice.Log.Info().Msgf("evaluated %s in %.1f s: %d store paths", p.subject, time.Since(p.start).Seconds(), len(env.Paths))
}
