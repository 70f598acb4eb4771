package nixeval

import (
	"encoding/json"
	"regexp"
	"strings"
	"sync"
)

// Event is one thing that a running nix says.
type Event struct {
	Kind Kind
	ID   uint64 // of the activity, for Begun and Ended
	Text string // without colours
}

// Kind is the kind of an [Event].
type Kind int

const (
	nothing Kind = iota
	Started      // a nix program is started; Text is the command line
	Begun        // an activity begins: something is built, copied, downloaded or evaluated
	Ended        // the activity of that ID ends
	Log          // a line of a builder's log
	Note         // a message that is neither a warning nor an error
	Warning      // a warning of Nix's
	Failed       // an error of Nix's
)

// logLine is a line of Nix's internal-json log (src/libutil/logging.cc,
// JSONLogger); the numbers are those of logging.hh and have not changed since
// Nix 2.0.
type logLine struct {
	Action string
	ID     uint64
	Level  int
	Type   int
	Msg    string
	Text   string
	Fields []any
}

const (
	levelError   = 0
	levelWarn    = 1
	buildLogLine = 101 // ResultType resBuildLogLine
)

// parseLog reads one line of standard error. Lines without JSON are Nix's before
// it has read its flags, or something that does not log through Nix at all
// (ssh, git, a crash): a note, unless it says that it is an error.
func parseLog(line string) Event {
	var l logLine
	data, ok := strings.CutPrefix(line, "@nix ")
	if !ok || json.Unmarshal([]byte(data), &l) != nil {
		if strings.HasPrefix(plain(line), "error:") {
			return message(levelError, line)
		}
		return message(levelWarn+1, line)
	}
	switch l.Action {
	case "msg":
		return message(l.Level, l.Msg)
	case "start":
		if l.Text != "" {
			return Event{Kind: Begun, ID: l.ID, Text: plain(l.Text)}
		}
	case "stop":
		return Event{Kind: Ended, ID: l.ID}
	case "result":
		if l.Type == buildLogLine && len(l.Fields) > 0 {
			if text, ok := l.Fields[0].(string); ok {
				return Event{Kind: Log, ID: l.ID, Text: plain(text)}
			}
		}
	}
	return Event{}
}

func message(level int, text string) Event {
	text = plain(text)
	switch {
	case text == "":
		return Event{}
	case level == levelError && strings.HasPrefix(text, "error:"):
		return Event{Kind: Failed, Text: pointOf(text)}
	case level <= levelWarn:
		return Event{Kind: Warning, Text: strings.TrimPrefix(text, "warning: ")}
	}
	return Event{Kind: Note, Text: text}
}

// pointOf cuts an error message of Nix's to its point: evaluation errors are
// a trace of callers, and the fault is the last "error:" with the
// lines below it. A message without a trace is left whole.
func pointOf(text string) string {
	lines := strings.Split(text, "\n")
	start := 0
	for i, line := range lines {
		if strings.HasPrefix(strings.TrimSpace(line), "error:") {
			start = i
		}
	}
	thrown := thrownAt(lines[:start])
	lines = lines[start:]
	indent := len(lines[0]) - len(strings.TrimLeft(lines[0], " "))
	for i, line := range lines {
		lines[i] = strings.TrimRight(line[min(indent, len(line)-len(strings.TrimLeft(line, " "))):], " ")
	}
	lines[0] = strings.TrimSpace(strings.TrimPrefix(lines[0], "error:"))
	return strings.TrimSpace(strings.Join(lines, "\n")) + thrown
}

// thrownAt is the place of a throw or abort, as Nix has it in the trace before the
// message; empty for other errors, whose message has their place.
func thrownAt(trace []string) string {
	for i := len(trace) - 1; i > 0; i-- {
		place, ok := strings.CutPrefix(strings.TrimSpace(trace[i]), "at ")
		if !ok {
			continue
		}
		if doing := trace[i-1]; !strings.Contains(doing, "'throw'") && !strings.Contains(doing, "'abort'") {
			return ""
		}
		return "\nat " + strings.TrimSuffix(place, ":")
	}
	return ""
}

// escapes is compiled on first use: most runs never start nix.
var escapes = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]")
})

// plain removes terminal colours and carriage returns.
func plain(s string) string {
	if strings.Contains(s, "\x1b") {
		s = escapes().ReplaceAllString(s, "")
	}
	return strings.TrimRight(strings.ReplaceAll(s, "\r", ""), "\n")
}

// buildLogs are the ends of the logs of builds, by activity. Nix leaves them
// out of the error of a build that failed when it logs for programs.
type buildLogs map[uint64]*buildLog

type buildLog struct {
	derivation string
	tail       []string
}

// tailLines is how many lines of a failed build's log are told.
const tailLines = 10

// add takes note of an event; to the error of a build it adds the log's end.
func (logs buildLogs) add(e Event) Event {
	switch e.Kind {
	case Begun:
		if path, ok := strings.CutPrefix(e.Text, "building '"); ok {
			path, _, _ = strings.Cut(path, "'")
			logs[e.ID] = &buildLog{derivation: path}
		}
	case Log:
		if b := logs[e.ID]; b != nil {
			b.tail = append(b.tail, e.Text)
			b.tail = b.tail[max(0, len(b.tail)-tailLines):]
		}
	case Failed:
		for _, b := range logs {
			if strings.Contains(e.Text, b.derivation) && len(b.tail) > 0 {
				e.Text += "\nthe end of its log:\n  > " + strings.Join(b.tail, "\n  > ")
				b.tail = nil
			}
		}
	}
	return e
}
