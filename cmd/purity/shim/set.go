// Package shim is directories of shims: links to purity, one for each program
// of an environment, and a file that says which environment that is.
//
// It knows neither Nix nor the kernel. The work of a shim is
// up to package main.
package shim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/nixeval"
)

const (
	// File marks a directory of shims.
	File = ".purity"
	// ByPath is the shim that runs its arguments, "by-path ./configure":
	// confined if it lies in the project or the store, and else as if the shim was
	// not there.
	ByPath = "by-path"
)

// Set is the data that all shims of a directory share.
type Set struct {
	// Request is the environment that was asked for, and Settings are the flags it came with.
	// Config is the file that took the place of purity.toml, empty if none did.
	Request  nixeval.Request
	Settings config.Settings
	Config   string
	// Store is the directory of a chroot store, empty for another store.
	Store string
	// File and Text are the path and the text of purity.toml then; empty if
	// there was none. Commands can edit it.
	File, Text string
	// Entry is the environment in the cache (nixeval.Environment.Key); empty
	// for one that is not cached.
	Entry string
	// Hooked is the variables that the shellHook left behind, nil if there is none.
	Hooked *nixeval.Hooked
	// Renewed says that somebody sees to it that the shims are made anew, a
	// shell hook or direnv. Until then an old environment is in use.
	Renewed bool
	// Renew is the command that makes the shims anew, to be pasted.
	Renew string
	// Choice is the settings about programs. Own are those of the environment that
	// have no shim, and Starters those whose shims run the user's own, unless they start
	// something of the project.
	Choice        Choice
	Own, Starters []string
	// Count is how many programs the shims confine, however they are called.
	Count int
	// Outside are the programs that drive Nix: their shims run them unconfined, as
	// the user's own.
	Outside []string
	// Definition are the files that define the environment.
	Definition []Stamp
}

// Choice is which programs the user wants shims of, and of which none.
type Choice struct{ Add, Remove []string }

// Programs are the names in a PATH that can be executed, but for purity's own.
func Programs(path string) []string {
	var names []string
	for dir := range strings.SplitSeq(path, ":") {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // a shell passes over it, too
		}
		for _, e := range entries {
			if nixeval.Find(e.Name(), dir) != "" && !own(e.Name()) {
				names = append(names, e.Name())
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// own reports whether a name is one by which purity goes itself.
func own(name string) bool {
	return name == ByPath || strings.HasPrefix(name, "purity") || strings.HasPrefix(name, ".")
}

// Read reads the set of a directory. That must be the user's alone, because
// its content decides the rights of a confined command.
func Read(dir string) (Set, error) {
	var s Set
	if name := Owner(dir); name != "" {
		return s, &OwnerError{Dir: dir, Owner: name}
	}
	data, err := os.ReadFile(filepath.Join(dir, File))
	if err != nil {
		return s, fmt.Errorf("read shims: %w", err)
	}
	if real, err := filepath.EvalSymlinks(dir); err != nil || !nixeval.Private(real) {
		return s, fmt.Errorf("read shims: others may write %s", dir)
	}
	if s, err = Decode(data); err != nil {
		return s, fmt.Errorf("read shims of %s: %w", dir, err)
	}
	return s, nil
}

// Encode is s for [Decode].
func (s Set) Encode() ([]byte, error) {
	return json.Marshal(mapped(reflect.ValueOf(s), escape).Interface())
}

// Decode reads the output of Encode.
func Decode(data []byte) (Set, error) {
	var s Set
	if err := json.Unmarshal(data, &s); err != nil {
		return s, err
	}
	return mapped(reflect.ValueOf(s), unescape).Interface().(Set), nil
}

// Write fills a directory with links to the program purity, one of each name,
// and removes those that are there from before. It makes the directory, or
// takes one that is empty or has shims already.
func (s Set) Write(dir, purity string, programs []string) error {
	if err := s.write(dir, purity, programs); err != nil {
		return fmt.Errorf("write shims: %w", err)
	}
	return nil
}

func (s Set) write(dir, purity string, programs []string) error {
	if strings.Contains(dir, ":") {
		return fmt.Errorf("%s: no directory with a colon can be in PATH", dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if !nixeval.Private(dir) {
		return fmt.Errorf("others may write %s", dir)
	}
	old, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	foreign := slices.ContainsFunc(old, func(e fs.DirEntry) bool { return !strings.HasPrefix(e.Name(), ".") })
	if _, err := os.Lstat(filepath.Join(dir, File)); foreign && errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: there is something else in it", dir)
	}
	data, err := s.Encode()
	if err != nil {
		return err
	}
	// The file is first of a new directory and last of an old one, so that no
	// link is ever without it, and none of a new program runs an old set.
	if len(old) == 0 {
		if err := renameio.WriteFile(filepath.Join(dir, File), data, 0o600); err != nil {
			return err
		}
	}
	wanted := map[string]bool{ByPath: true}
	for _, name := range programs {
		wanted[name] = true
	}
	for name := range wanted {
		if err := link(purity, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	for _, e := range old {
		if !wanted[e.Name()] && e.Type() == fs.ModeSymlink && !strings.HasPrefix(e.Name(), ".") {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return renameio.WriteFile(filepath.Join(dir, File), data, 0o600)
}

// Of is the program that the shims of a directory are links to, empty if there
// are none.
func Of(dir string) string {
	target, _ := os.Readlink(filepath.Join(dir, ByPath))
	return target
}

// link makes name a link to target at once: there is no moment without one, in
// which a shell would look further along PATH.
func link(target, name string) error {
	if at, err := os.Readlink(name); err == nil && at == target {
		return nil
	}
	return renameio.Symlink(target, name)
}
