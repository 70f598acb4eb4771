package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/nixeval"
)

// app is what every command gets: how to speak, and what purity was called with.
type app struct {
	screen.Voice
	path string // PATH as it was, with directories of shims
	// calling is the environment that purity was called with.
	calling []string
}

func newApp(g globals) *app {
	calling, left := disown()
	a := &app{Voice: screen.NewVoice(g.Verbose, g.Quiet, g.LogFormat == "json"), calling: calling, path: os.Getenv("PATH")}
	os.Setenv("PATH", withoutShims(a.path)) // what purity itself runs, such as nix, is no shim's
	a.disowned(left)
	return a
}

// disowned warns of variables that do not count.
func (a *app) disowned(names []string) {
	for _, name := range names {
		a.Log.Warn().Msgf("%s comes from the dev shell, not from you, and opens nothing; flags and purity.toml do", name)
	}
}

// fail says why purity ends and returns its exit code.
func (a *app) fail(err error) int {
	message, hint, code := words.Explain(err)
	event := a.Log.Error()
	if hint != "" {
		event = event.Str("hint", hint)
	}
	event.Msg(message)
	return code
}

// nix is how the commands ask Nix for environments.
func (a *app) nix() (nixeval.Nix, error) {
	cache, err := cacheDir()
	if err != nil {
		return nixeval.Nix{}, err
	}
	nix := nixeval.Nix{Environ: os.Environ(), Cache: filepath.Join(cache, "purity")}
	return a.behindWalls(nix, func() []string { return writableAlways(nix, projectHere()) }), nil
}

// cacheDir is the user's cache directory. A relative XDG_CACHE_HOME does not count (XDG
// Base Directory Specification); a relative HOME would have it be in the project, where
// commands write.
func cacheDir() (string, error) {
	home := os.Getenv("HOME")
	if home != "" && !filepath.IsAbs(home) {
		err := fmt.Errorf("find cache directory: HOME=%s is not an absolute path", home)
		if home, absErr := filepath.Abs(home); absErr == nil {
			return "", words.Hint(err, "if that is meant:  export HOME="+shell.Quote(home))
		}
		return "", err
	}
	if cache := os.Getenv("XDG_CACHE_HOME"); cache != "" && !filepath.IsAbs(cache) && home != "" {
		return filepath.Join(home, ".cache"), nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find cache directory: %w", err)
	}
	return cache, nil
}
