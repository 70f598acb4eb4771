package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/renameio/v2"
)

// projectFiles are the files of a project that permission to enter it is about.
var projectFiles = []string{"flake.nix", "flake.lock", "shell.nix", Name, ".envrc"}

// Permission is whether shells may make a project's environment theirs.
type Permission int

// What a person said of a project.
const (
	Unknown Permission = iota // nothing
	Changed                   // it was allowed, and changed since
	Allowed
)

// Project is the permission of the project in dir.
func (t Trust) Project(dir string) (Permission, error) {
	name, err := t.projectRecord(dir)
	if err != nil {
		return Unknown, err
	}
	if _, err := os.Stat(name); err == nil {
		return Allowed, nil
	}
	records, err := t.records(dir)
	if err != nil || len(records) == 0 {
		return Unknown, err
	}
	return Changed, nil
}

// AllowProject remembers that shells may enter the project in dir as it is, and
// returns the files that this is about.
func (t Trust) AllowProject(dir string) (files []string, err error) {
	name, err := t.projectRecord(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(t.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("allow %s: %w", dir, err)
	}
	if err := renameio.WriteFile(name, []byte(dir+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("allow %s: %w", dir, err)
	}
	for _, name := range projectFiles {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			files = append(files, name)
		}
	}
	return files, nil
}

// Keeping does something with a project that is allowed in the course of which Nix
// may write flake.lock, and keeps it allowed, if that is all that changed.
func (t Trust) Keeping(dir string, do func() error) error {
	permission, err := t.Project(dir)
	if err != nil {
		return err
	}
	if permission != Allowed {
		return do()
	}
	before, err := t.projectRecord(dir, "flake.lock")
	if err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	after, err := t.projectRecord(dir, "flake.lock")
	if err == nil && after == before {
		_, err = t.AllowProject(dir)
	}
	return err
}

// projectRecord is the file that says that a project is allowed: its name is a
// hash of where it is and what is in its files, but for those that are left out.
func (t Trust) projectRecord(dir string, without ...string) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "project\x00%s\x00", dir)
	for _, name := range projectFiles {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) || slices.Contains(without, name) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("read project: %w", err)
		}
		fmt.Fprintf(sum, "%s\x00%d\x00%s", name, len(data), data)
	}
	return filepath.Join(t.Dir, hex.EncodeToString(sum.Sum(nil))), nil
}
