package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/nix-purity/purity/nixeval"
	"github.com/rs/zerolog"
	"golang.org/x/term"
)

// app is what every command gets: where to write, and how to speak.
type app struct {
	stdout io.Writer
	stderr *os.File
	log    zerolog.Logger // -v, or everything with --log-format json
	json   bool
	quiet  bool
	tty    bool   // standard error is a terminal
	path   string // PATH as it was, with directories of shims
	// calling is the environment that purity was called with.
	calling []string
}

func newApp(g globals) *app {
	calling, left := disown()
	a := &app{calling: calling, stdout: os.Stdout, stderr: os.Stderr, json: g.LogFormat == "json", quiet: g.Quiet, path: os.Getenv("PATH")}
	os.Setenv("PATH", withoutShims(a.path)) // what purity itself runs, such as nix, is no shim's
	a.tty = !a.json && term.IsTerminal(int(os.Stderr.Fd()))
	level := zerolog.InfoLevel
	if g.Verbose {
		level = zerolog.DebugLevel
	}
	if a.quiet {
		level = zerolog.ErrorLevel
	}
	var out io.Writer = os.Stderr
	if !a.json {
		out = lines{os.Stderr}
	}
	a.log = zerolog.New(out).Level(level)
	a.disowned(left)
	return a
}

// disowned warns of variables that do not count.
func (a *app) disowned(names []string) {
	for _, name := range names {
		a.log.Warn().Msgf("%s comes from the dev shell, not from you, and opens nothing; flags and purity.toml do", name)
	}
}

// fail says why purity ends and returns its exit code.
func (a *app) fail(err error) int {
	message, hint, code := explain(err)
	event := a.log.Error()
	if hint != "" {
		event = event.Str("hint", hint)
	}
	event.Msg(message)
	return code
}

// nix is how the commands ask Nix for environments.
func (a *app) nix() (nixeval.Nix, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nixeval.Nix{}, fmt.Errorf("find cache directory: %w", err)
	}
	if !filepath.IsAbs(cache) { // it would be another one in each directory, and in a project
		return nixeval.Nix{}, &hintedError{fmt.Errorf("find cache directory %s: HOME is a relative path", cache), "HOME=/absolute/path purity ..."}
	}
	nix := nixeval.Nix{Environ: os.Environ(), Cache: filepath.Join(cache, "purity")}
	return a.behindWalls(nix, func() []string { return writableAlways(nix, projectHere()) }), nil
}
