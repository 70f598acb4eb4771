package config

import (
	"cmp"
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

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
)

// Widens lists the grants of a file beyond the policy of a level, each with its line;
// nothing for one that only narrows it.
func (f *File) Widens(base host.Level) []string {
	var wider []string
	say := func(key string, element int, what string) {
		wider = append(wider, fmt.Sprintf("%s (%s)", what, f.Line(key, element)))
	}
	s := f.Settings
	if level, ok := host.FindLevel(s.Level); ok && level.Wider {
		say("level", -1, "level "+s.Level)
	}
	if n := s.Network; n != nil && !base.Network && (n.Any || n.UDP || len(n.Connect)+len(n.Bind) > 0) {
		say("network", -1, "network "+n.written())
	}
	list := func(key string, values []string) {
		for i, value := range values {
			what := key + " " + value
			if preset, ok := host.FindPreset(value); ok && key == "presets" {
				what = "preset " + value + ": " + preset.Opens
			}
			say(key, i, what)
		}
	}
	for _, k := range PathKeys {
		list(k.Key, k.In(s))
	}
	list("presets", s.Presets)
	list("env.keep", s.Keep)
	list("capabilities", s.Capabilities)
	for i, name := range s.NoShim {
		say("shims.remove", i, "no shim for "+name+", which then runs unconfined")
	}
	if s.Mode != "" && s.Mode != "enforce" {
		say("mode", -1, "mode "+s.Mode+", which denies nothing")
	}
	for i, e := range f.Exceptions {
		say("exception", i, "exception: "+cmp.Or(e.Access, "any access")+" "+e.Path)
	}
	if s.Home != "" && s.Home != "none" && (s.Home != "private" || !base.Home) {
		say("home", -1, "home "+s.Home)
	}
	if Is(s.UserNamespaces, false) {
		say("user-namespaces", -1, "new user namespaces")
	}
	if !Is(s.Seccomp, true) {
		say("seccomp", -1, "no system call filter")
	}
	if Is(s.BestEffort, false) {
		say("best-effort", -1, "best effort")
	}
	if Is(s.AllowUnenforced, false) {
		say("allow-unenforced", -1, "no confinement where the kernel has none")
	}
	if s.MinABI != nil && *s.MinABI < enforce.DefaultABI {
		say("min-abi", -1, fmt.Sprintf("Landlock ABI %d", *s.MinABI))
	}
	if !Is(s.ReportChanges, true) {
		say("report-changes", -1, "no report of changed files")
	}
	return wider
}

// Hash identifies the content, as `sha256sum purity.toml` prints it.
func (f *File) Hash() string {
	sum := sha256.Sum256(f.content)
	return hex.EncodeToString(sum[:])
}

// Trust is which files a person has looked at and allowed: a directory with
// one file for each, named by a hash of path and content, so that an edit
// revokes.
type Trust struct{ Dir string }

// OpenTrust is the user's, in the state directory (XDG Base Directory
// Specification).
func OpenTrust() (Trust, error) {
	state := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) {
		home, err := os.UserHomeDir()
		if err == nil && !filepath.IsAbs(home) {
			err = fmt.Errorf("HOME=%s is not an absolute path", home)
		}
		if err != nil {
			return Trust{}, fmt.Errorf("find allowed settings: %w", err)
		}
		state = filepath.Join(home, ".local", "state")
	}
	return Trust{Dir: filepath.Join(state, "purity", "allow")}, nil
}

// file is the record that f is allowed with the symbolic links that its paths pass
// through. Each part stands behind its length: a path may have newlines in it, and would
// else be able to stand for another path with the beginning of its file.
func (t Trust) file(f *File, links []string) string {
	hash := sha256.New()
	for _, part := range slices.Concat([]string{f.Path, string(f.content)}, links) {
		fmt.Fprintf(hash, "%d:%s", len(part), part)
	}
	return filepath.Join(t.Dir, hex.EncodeToString(hash.Sum(nil)))
}

// Allows reports whether f may be applied where the policy starts from base: because
// it opens nothing, because it was allowed with links, those that a command can have
// made on the way of its paths, or because its hash is one of those given by people who
// cannot be asked (PURITY_TRUST). A hash says nothing of links.
func (t Trust) Allows(f *File, base host.Level, links []string, hashes string) bool {
	if f.Given || len(f.Widens(base)) == 0 {
		return true
	}
	given := strings.FieldsFunc(hashes, func(r rune) bool { return r == ',' || r == ' ' || r == ':' })
	return len(links) == 0 && slices.Contains(given, f.Hash()) || t.AllowsLinks(f, links)
}

// AllowsLinks reports whether a person allowed f as it is, with these links.
func (t Trust) AllowsLinks(f *File, links []string) bool {
	_, err := os.Stat(t.file(f, links))
	return err == nil
}

// Allow remembers that f may be applied as it is, with these links.
func (t Trust) Allow(f *File, links []string) error {
	if err := os.MkdirAll(t.Dir, 0o700); err != nil {
		return fmt.Errorf("allow %s: %w", f.Path, err)
	}
	if err := renameio.WriteFile(t.file(f, links), []byte(f.Path+"\n"), 0o600); err != nil {
		return fmt.Errorf("allow %s: %w", f.Path, err)
	}
	return nil
}

// Deny forgets every version of the file or project at path.
func (t Trust) Deny(path string) (forgotten int, err error) {
	records, err := t.records(path)
	if err != nil {
		return 0, fmt.Errorf("deny %s: %w", path, err)
	}
	for _, name := range records {
		if err := os.Remove(name); err != nil {
			return forgotten, fmt.Errorf("deny %s: %w", path, err)
		}
		forgotten++
	}
	return forgotten, nil
}

// records are the files for allowed versions of the file at path.
func (t Trust) records(path string) ([]string, error) {
	names, err := t.projectRecords(path)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(t.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		name := filepath.Join(t.Dir, e.Name())
		if strings.HasPrefix(e.Name(), "project-") {
			continue
		}
		if data, err := os.ReadFile(name); err == nil && string(data) == path+"\n" {
			names = append(names, name)
		}
	}
	return names, err
}
