package launch

import (
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/overlay"
)

// settle lists the command's changes in the overlay of its project, and keeps them if a flag
// asked for that. By then the command and all processes that it started have ended.
func (j Job) settle(v screen.Voice) error {
	shown := j.Sees.View.Overlay
	if shown.Dir == "" {
		return nil
	}
	if j.into != nil {
		defer j.into.Close()
	}
	layers := overlay.Layers{Dir: shown.Dir, Upper: shown.Upper}
	changes, err := overlay.Changes(layers)
	if err != nil {
		return words.Hint(err, "the project is as it was")
	}
	result := overlay.Result{Changes: changes}
	defer func() { j.tell(v, result) }()
	if len(changes) == 0 {
		if j.Keeping.Asked {
			v.Log.Info().Msg("the command changed nothing in the project")
		}
		return nil
	}
	if j.into == nil {
		sayChanges(v, changes, "dropped", "--keep-changes DIR writes them to a directory")
		return nil
	}
	guarded := below(shown.Dir, j.Sees.Obeyed)
	release := hold()
	kept, err := j.into.Keep(layers, changes, append(guarded, below(j.into.Path, j.Sees.Obeyed)...))
	release()
	if err != nil {
		return err
	}
	result.Into, result.Kept, result.Not = j.into.Path, kept.Done, kept.Not
	sayChanges(v, changes, fmt.Sprintf("%d kept in %s", kept.Done, j.into.Path), "")
	return sayUnkept(v, kept, j.into.Path)
}

// hold has purity finish writing the changes, although a signal asks it to end: one half
// written would be neither the project's nor the command's. SIGQUIT still ends it.
func hold() (release func()) {
	held := make(chan os.Signal, 1)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signal.Notify(held, s)
		}
	}
	return func() { signal.Stop(held) }
}

// tell hands the changes to the watching parent, for its report.
func (j Job) tell(v screen.Voice, result overlay.Result) {
	if j.Command.Watch == nil {
		return
	}
	data, err := json.Marshal(result)
	if err == nil {
		err = j.Command.Watch.Tell(data)
	}
	if err != nil {
		v.Log.Warn().Msgf("report the changes: %v", err)
	}
}

// below returns those paths that lie below a directory, relative to it.
func below(dir string, paths []string) []string {
	var all []string
	for _, path := range paths {
		if rest, ok := strings.CutPrefix(path, strings.TrimSuffix(dir, "/")+"/"); ok && enforce.Inside(path, dir) {
			all = append(all, rest)
		}
	}
	return all
}

// maxNamed is the number of changes that a text names. JSON has all.
const maxNamed = 40

func sayChanges(v screen.Voice, changes []overlay.Change, became, hint string) {
	text := fmt.Sprintf("the command changed the project in an overlay: %s; %s", overlay.Counts(changes), became)
	event := v.Log.Info()
	if hint != "" {
		event = event.Str("hint", hint)
	}
	if v.JSON {
		event.Interface("changes", changes).Msg(text)
		return
	}
	for i, c := range changes {
		if i == maxNamed {
			text += fmt.Sprintf("\n  and %d more; --log-format=json names all", len(changes)-i)
			break
		}
		size := c.Type
		if c.Type == "file" {
			size = screen.Size(c.Size)
		}
		text += fmt.Sprintf("\n  %s  %s (%s)", c.What, name(c.Path), size)
	}
	event.Msg(text)
}

// name returns a path in a form without line breaks.
func name(path string) string { return strings.ReplaceAll(screen.Printable(path), "\n", "?") }

// sayUnkept lists the changes that were not written to the directory. Those that purity
// would write, but could not, are an error.
func sayUnkept(v screen.Voice, kept overlay.Kept, dir string) error {
	if v.JSON && len(kept.Not) > 0 {
		v.Log.Warn().Interface("unkept", kept.Not).Msg("not all changes are kept")
	}
	var left, faults []string
	for _, u := range kept.Not {
		line := fmt.Sprintf("\n  %s: %s", name(u.Path), u.Why)
		if u.Fault {
			faults = append(faults, line)
		} else {
			left = append(left, line)
		}
	}
	if len(left) > 0 && !v.JSON {
		v.Warn(screen.Warning{Text: "not kept:" + few(left)})
	}
	if len(faults) == 0 {
		return nil
	}
	return fmt.Errorf("keep changes in %s: %d kept, %d not:%s", dir, kept.Done, len(kept.Not), few(faults))
}

// few returns the first lines of many, and the number of the rest.
func few(lines []string) string {
	if more := len(lines) - maxNamed; more > 0 {
		return strings.Join(lines[:maxNamed], "") + fmt.Sprintf("\n  and %d more", more)
	}
	return strings.Join(lines, "")
}
