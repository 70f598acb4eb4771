package complete

import (
	"cmp"
	"context"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/manual"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/nixeval"
)

// Here is the place of a completion: its surroundings besides the command line.
type Here struct {
	screen.Voice
	Path       string                                  // the caller's PATH
	Manual     manual.Manual                           // whose commands and topics help has
	Remembered func(*Line) (nixeval.Environment, bool) // the environment cached of the line so far
}

// Sources know the values of placeholders in help texts.
func (h Here) Sources() map[string]Source {
	return map[string]Source{
		"LEVEL":      levels,
		"PRESET":     presets,
		"CAPABILITY": func(*Line) []Candidate { return plain(enforce.Capabilities()) },
		"VAR":        variables,
		"TOPIC":      h.topics,
		"REF":        h.devShells,
		"STORE-PATH": h.storePaths,
		"NAME":       h.storeNames,
		"COMMAND":    h.programs,
		"PROGRAM":    h.programs,
		"PROG":       func(*Line) []Candidate { return plain(shim.Programs(h.Path)) },
	}
}

// plain are words of which there is nothing more to say.
func plain(words []string) []Candidate {
	all := make([]Candidate, len(words))
	for i, word := range words {
		all[i].Value = word
	}
	return all
}

func levels(*Line) []Candidate {
	var all []Candidate
	for _, l := range host.Levels {
		all = append(all, Candidate{Value: l.Name, Help: l.Summary})
	}
	return all
}

func presets(*Line) []Candidate {
	var all []Candidate
	for _, p := range host.Presets {
		all = append(all, Candidate{Value: p.Name, Help: p.Opens})
	}
	return all
}

// variables are the names of those that there are.
func variables(*Line) []Candidate {
	var names []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		names = append(names, name)
	}
	return plain(names)
}

// topics are the subjects of help, word by word.
func (h Here) topics(l *Line) []Candidate {
	m := h.Manual
	before := strings.Join(append(l.Args, ""), " ")
	var all []Candidate
	for _, e := range append(m.Commands(), m.Topics()...) {
		if rest, ok := strings.CutPrefix(e.Name, before); ok {
			word, more, _ := strings.Cut(rest, " ")
			if more != "" {
				e.Help = ""
			}
			all = append(all, Candidate{Value: word, Help: e.Help})
		}
	}
	return all
}

// patience is how long a person waits for a completion.
const patience = 2 * time.Second

// devShells are those of a flake on this machine, as soon as it is written so far
// that it is clear which.
func (h Here) devShells(l *Line) []Candidate {
	ref, _, named := strings.Cut(l.Value, "#")
	if !named && strings.Trim(ref, ".") != "" || l.Given("store") != nil {
		return nil
	}
	if !named {
		ref = cmp.Or(ref, ".")
	}
	nix, err := confine.Nix(h.Voice)
	cwd, cwdErr := os.Getwd()
	if err != nil || cwdErr != nil || !nixeval.Local(ref, cwd) {
		return nil
	}
	temp, err := os.MkdirTemp("", "purity-") // a question leaves nothing in the cache
	if err != nil {
		return nil
	}
	defer os.RemoveAll(temp)
	nix.Cache = temp
	nix = confine.BehindWalls(h.Voice, nix)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	names := make(chan []string, 1)
	go func() { names <- nix.DevShells(ctx, nixeval.Request{Flake: ref, Dir: cwd}) }()
	var all []Candidate
	select {
	case found := <-names:
		for _, name := range found {
			if name = attribute(name); name != "" {
				all = append(all, Candidate{Value: ref + "#" + name, Help: "dev shell"})
			}
		}
	case <-time.After(patience + patience/10): // it was told to end, and did not
	}
	return all
}

// attribute is a name as an installable has it, empty for one that none can have.
func attribute(name string) string {
	switch {
	case strings.Contains(name, `"`):
		return ""
	case strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && r != '-' && r != '\'' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}):
		return `"` + name + `"`
	}
	return name
}

func (h Here) storePaths(l *Line) []Candidate {
	env, _ := h.Remembered(l)
	var all []Candidate
	for _, path := range env.Paths {
		all = append(all, Candidate{Value: string(path), Help: path.Name()})
	}
	return all
}

// storeNames are the names of store paths, or they themselves where it is clear
// that one is meant.
func (h Here) storeNames(l *Line) []Candidate {
	all := h.storePaths(l)
	if !strings.HasPrefix(l.Value, "/") {
		for i, c := range all {
			all[i] = Candidate{Value: c.Help, Help: c.Value}
		}
	}
	return all
}

// programs are those of the environment.
func (h Here) programs(l *Line) []Candidate {
	env, ok := h.Remembered(l)
	if !ok || strings.Contains(l.Value, "/") {
		return nil
	}
	return plain(shim.Programs(env.Path()))
}
