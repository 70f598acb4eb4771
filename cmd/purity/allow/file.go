// Package allow is the list of files and projects that a person has looked at and allowed.
// An edit revokes the permission.
package allow

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/enforce/host"
)

// List is which files a person has looked at and allowed: a directory with
// one file for each, named by a hash of path and content, so that an edit
// revokes.
type List struct{ Dir string }

// Open is the user's, in the state directory (XDG Base Directory
// Specification).
func Open() (List, error) {
	state := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) {
		home, err := os.UserHomeDir()
		if err == nil && !filepath.IsAbs(home) {
			err = fmt.Errorf("HOME=%s is not an absolute path", home)
		}
		if err != nil {
			return List{}, fmt.Errorf("find allowed settings: %w", err)
		}
		state = filepath.Join(home, ".local", "state")
	}
	return List{Dir: filepath.Join(state, "purity", "allow")}, nil
}

// file is the record that f is allowed with the symbolic links that its paths pass
// through. Each part stands behind its length: a path may have newlines in it, and would
// else be able to stand for another path with the beginning of its file.
func (l List) file(f *config.File, links []string) string {
	hash := sha256.New()
	for _, part := range slices.Concat([]string{f.Path, f.Text()}, links) {
		fmt.Fprintf(hash, "%d:%s", len(part), part)
	}
	return filepath.Join(l.Dir, hex.EncodeToString(hash.Sum(nil)))
}

// Allows reports whether f may be applied where the policy starts from base: because
// it opens nothing, because it was allowed with links, those that a command can have
// made on the way of its paths, or because its hash is one of those given by people who
// cannot be asked (PURITY_TRUST). A hash says nothing of links.
func (l List) Allows(f *config.File, base host.Level, links []string, hashes string) bool {
	if f.Given || len(f.Widens(base)) == 0 {
		return true
	}
	given := strings.FieldsFunc(hashes, func(r rune) bool { return r == ',' || r == ' ' || r == ':' })
	return len(links) == 0 && slices.Contains(given, f.Hash()) || l.AllowsLinks(f, links)
}

// AllowsLinks reports whether a person allowed f as it is, with these links.
func (l List) AllowsLinks(f *config.File, links []string) bool {
	_, err := os.Stat(l.file(f, links))
	return err == nil
}

// Allow remembers that f may be applied as it is, with these links.
func (l List) Allow(f *config.File, links []string) error {
	if err := os.MkdirAll(l.Dir, 0o700); err != nil {
		return fmt.Errorf("allow %s: %w", f.Path, err)
	}
	if err := renameio.WriteFile(l.file(f, links), []byte(f.Path+"\n"), 0o600); err != nil {
		return fmt.Errorf("allow %s: %w", f.Path, err)
	}
	return l.mark(filepath.Dir(f.Path))
}

// Mark is a file that changes when something in a directory is allowed or denied, and at no
// other time. It says nothing itself. Direnv loads anew when it changes, and nix-direnv
// evaluates anew, as it does for every watched file.
func (l List) Mark(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join(l.Dir, "changed-"+hex.EncodeToString(sum[:16]))
}

// mark changes the mark of a directory.
func (l List) mark(dir string) error {
	if err := renameio.WriteFile(l.Mark(dir), nil, 0o600); err != nil {
		return fmt.Errorf("mark %s as changed: %w", dir, err)
	}
	return nil
}

// Deny forgets every version of the file or project at path.
func (l List) Deny(path string) (forgotten int, err error) {
	records, err := l.records(path)
	if err != nil {
		return 0, fmt.Errorf("deny %s: %w", path, err)
	}
	for _, name := range records {
		if err := os.Remove(name); err != nil {
			return forgotten, fmt.Errorf("deny %s: %w", path, err)
		}
		forgotten++
	}
	if forgotten > 0 {
		err = errors.Join(l.mark(path), l.mark(filepath.Dir(path)))
	}
	return forgotten, err
}

// records are the files for allowed versions of the file at path.
func (l List) records(path string) ([]string, error) {
	names, err := l.projectRecords(path)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(l.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		name := filepath.Join(l.Dir, e.Name())
		if strings.HasPrefix(e.Name(), "project-") {
			continue
		}
		if data, err := os.ReadFile(name); err == nil && string(data) == path+"\n" {
			names = append(names, name)
		}
	}
	return names, err
}
