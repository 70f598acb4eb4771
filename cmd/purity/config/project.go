package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/nix-purity/purity/closure/hostile"
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

// projectRecord is the file that says that a project is allowed: its name is a
// hash of where it is and what is in its files, and of what its git configuration
// has git run.
func (t Trust) projectRecord(dir string) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "project\x00%s\x00", dir)
	for _, name := range projectFiles {
		data, err := hostile.ReadFile(filepath.Join(dir, name), largest)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("read project: %w", err)
		}
		fmt.Fprintf(sum, "%s\x00%d\x00%s", name, len(data), data)
	}
	for _, name := range []string{".git/config", ".git/info/attributes"} {
		data, err := hostile.ReadFile(filepath.Join(dir, name), largest)
		if err != nil {
			continue // no repository, or one whose directory is outside, where no command writes
		}
		fmt.Fprintf(sum, "%s\x00%s", name, gitRuns(string(data)))
	}
	return filepath.Join(t.Dir, hex.EncodeToString(sum.Sum(nil))), nil
}

// harmless are sections and keys of git's configuration that change in daily work and
// have git run nothing (git-config(1)); all else counts.
var harmless = regexp.MustCompile(`^(branch|remote\.(url|fetch|pushurl)|user|submodule\.(url|active)|core\.(repositoryformatversion|filemode|bare|logallrefupdates|ignorecase|precomposeunicode|symlinks|autocrlf|eol|abbrev))$`)

// gitRuns is what of a git configuration, or of attributes, could have git run
// something: Nix starts git in a project, some versions of it do, and a confined
// command can write there.
func gitRuns(text string) string {
	var b strings.Builder
	section := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			section = strings.ToLower(strings.TrimRight(strings.Fields(name + " ]")[0], "]"))
			if !strings.HasSuffix(line, "]") { // a key can follow
				b.WriteString(line + "\n")
			}
			continue
		}
		key, _, _ := strings.Cut(line, "=")
		if line != "" && !harmless.MatchString(section) && !harmless.MatchString(section+"."+strings.ToLower(strings.TrimSpace(key))) {
			b.WriteString(section + " " + line + "\n")
		}
	}
	return b.String()
}
