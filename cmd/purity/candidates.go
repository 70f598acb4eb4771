package main

import (
	"cmp"
	"context"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/alecthomas/kong"

	"github.com/nix-purity/purity/cmd/purity/complete"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/nixeval"
)

// completer knows the candidates at the cursor.
type completer struct {
	*app
	model *kong.Application
}

// sources know the values of placeholders in help texts.
func (a completer) sources() map[string]complete.Source {
	return map[string]complete.Source{
		"LEVEL":      levels,
		"PRESET":     presets,
		"CAPABILITY": func(*complete.Line) []complete.Candidate { return candidates(enforce.Capabilities()) },
		"VAR":        variables,
		"TOPIC":      a.topics,
		"REF":        a.devShells,
		"STORE-PATH": a.storePaths,
		"NAME":       a.storeNames,
		"COMMAND":    a.programs,
		"PROGRAM":    a.programs,
		"PROG":       func(*complete.Line) []complete.Candidate { return candidates(shim.Programs(a.Path)) },
	}
}

// candidates are words of which there is nothing more to say.
func candidates(words []string) []complete.Candidate {
	all := make([]complete.Candidate, len(words))
	for i, word := range words {
		all[i].Value = word
	}
	return all
}

func levels(*complete.Line) []complete.Candidate {
	var all []complete.Candidate
	for _, l := range host.Levels {
		all = append(all, complete.Candidate{Value: l.Name, Help: l.Summary})
	}
	return all
}

func presets(*complete.Line) []complete.Candidate {
	var all []complete.Candidate
	for _, p := range host.Presets {
		all = append(all, complete.Candidate{Value: p.Name, Help: p.Opens})
	}
	return all
}

// variables are the names of those that there are.
func variables(*complete.Line) []complete.Candidate {
	var names []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		names = append(names, name)
	}
	return candidates(names)
}

// topics are the subjects of help, word by word.
func (a completer) topics(l *complete.Line) []complete.Candidate {
	m := theManual(a.model)
	before := strings.Join(append(l.Args, ""), " ")
	var all []complete.Candidate
	for _, e := range append(m.Commands(), m.Topics()...) {
		if rest, ok := strings.CutPrefix(e.Name, before); ok {
			word, more, _ := strings.Cut(rest, " ")
			if more != "" {
				e.Help = ""
			}
			all = append(all, complete.Candidate{Value: word, Help: e.Help})
		}
	}
	return all
}

// patience is how long a person waits for a completion.
const patience = 2 * time.Second

// devShells are those of a flake on this machine, as soon as it is written so far
// that it is clear which.
func (a completer) devShells(l *complete.Line) []complete.Candidate {
	ref, _, named := strings.Cut(l.Value, "#")
	if !named && strings.Trim(ref, ".") != "" || l.Given("store") != nil {
		return nil
	}
	if !named {
		ref = cmp.Or(ref, ".")
	}
	nix, err := a.nix()
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
	nix = confine.BehindWalls(a.Voice, nix)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	names := make(chan []string, 1)
	go func() { names <- nix.DevShells(ctx, nixeval.Request{Flake: ref, Dir: cwd}) }()
	var all []complete.Candidate
	select {
	case found := <-names:
		for _, name := range found {
			if name = attribute(name); name != "" {
				all = append(all, complete.Candidate{Value: ref + "#" + name, Help: "dev shell"})
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

// remembered is the environment that is cached for the line so far.
func (a completer) remembered(l *complete.Line) (nixeval.Environment, bool) {
	given := func(flag string) string {
		values := append([]string{""}, l.Given(flag)...)
		return values[len(values)-1]
	}
	path := func(flag string) string {
		if given(flag) == "" {
			return ""
		}
		return kong.ExpandPath(given(flag))
	}
	ref := given("flake")
	if l.Takes("REF") && len(l.Args) > 0 {
		ref = l.Args[0]
	}
	nix, _, request, err := a.request(cmp.Or(ref, "."), source{
		File: path("file"), Attr: given("attr"), ClosureFile: path("closure-file"), FromEnv: l.Given("from-env") != nil, Project: path("project"),
	})
	if err != nil {
		return nixeval.Environment{}, false
	}
	return nix.Remembered(request)
}

func (a completer) storePaths(l *complete.Line) []complete.Candidate {
	env, _ := a.remembered(l)
	var all []complete.Candidate
	for _, path := range env.Paths {
		all = append(all, complete.Candidate{Value: string(path), Help: path.Name()})
	}
	return all
}

// storeNames are the names of store paths, or they themselves where it is clear
// that one is meant.
func (a completer) storeNames(l *complete.Line) []complete.Candidate {
	all := a.storePaths(l)
	if !strings.HasPrefix(l.Value, "/") {
		for i, c := range all {
			all[i] = complete.Candidate{Value: c.Help, Help: c.Value}
		}
	}
	return all
}

// programs are those of the environment.
func (a completer) programs(l *complete.Line) []complete.Candidate {
	env, ok := a.remembered(l)
	if !ok || strings.Contains(l.Value, "/") {
		return nil
	}
	return candidates(shim.Programs(env.Path()))
}
