package screen

import (
	"io"
	"os"

	"github.com/rs/zerolog"
	"golang.org/x/term"
)

// Voice is where purity writes, and how it speaks.
type Voice struct {
	Stdout io.Writer
	Stderr *os.File
	Log    zerolog.Logger // lines for people, or JSON
	JSON   bool
	Quiet  bool // nothing but errors
	TTY    bool // standard error is a terminal of people
}

// NewVoice is that of this process, which says more if verbose.
func NewVoice(verbose, quiet, json bool) Voice {
	v := Voice{Stdout: os.Stdout, Stderr: os.Stderr, JSON: json, Quiet: quiet}
	v.TTY = !json && term.IsTerminal(int(os.Stderr.Fd()))
	level := zerolog.InfoLevel
	if verbose {
		level = zerolog.DebugLevel
	}
	if quiet {
		level = zerolog.ErrorLevel
	}
	out := PlainJSON(os.Stderr)
	if !json {
		out = lines{os.Stderr}
	}
	v.Log = zerolog.New(out).Level(level)
	return v
}

// A Warning is a message that ends nothing, with a hint if there is one.
type Warning struct{ Text, Hint string }

// Warn says warnings.
func (v Voice) Warn(all ...Warning) {
	for _, w := range all {
		event := v.Log.Warn()
		if w.Hint != "" {
			event = event.Str("hint", w.Hint)
		}
		event.Msg(w.Text)
	}
}

// Style is how text is written to a stream of this process (https://no-color.org).
type Style struct {
	Bold  bool
	Width int // columns, 0 if that does not matter
}

// StyleOf is the style for a file.
func StyleOf(f *os.File) Style {
	return Style{Bold: term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "", Width: Width(f)}
}

// Style is that of standard output, where that is one of this process.
func (v Voice) Style() Style {
	if f, ok := v.Stdout.(*os.File); ok {
		return StyleOf(f)
	}
	return Style{}
}
