package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
)

// Paths turns paths as people write them into absolute ones.
type Paths struct {
	Dir    string // start of relative paths
	Home   string // the meaning of ~
	Getenv func(string) string
	// Writable are directories that commands may write, in which [Preset.Grants] follows
	// no link that leads out; nil where that is no matter.
	Writable []string
}

// Expand returns the paths that pattern means: ~ at the beginning, $NAME and
// ${NAME} anywhere, then *, ?, [] and ** as shells have them. A path without
// these need not exist; the error is [fs.ErrNotExist] where a pattern has no
// match, and another where a variable is not set.
func (p Paths) Expand(pattern string) ([]string, error) {
	text, err := p.text(pattern)
	if err != nil {
		return nil, err
	}
	if !strings.ContainsAny(text, "*?[{") {
		return []string{text}, nil
	}
	if _, err := os.Lstat(text); err == nil {
		return []string{text}, nil // it is called so
	}
	found, err := doublestar.FilepathGlob(text, doublestar.WithNoFollow())
	if err == nil && len(found) == 0 {
		err = fs.ErrNotExist
	}
	return found, err
}

// Literal is the pattern that means path, which is absolute, and nothing else.
// Bytes that no text has are a ? each.
func Literal(path string) string {
	if utf8.ValidString(path) && !strings.ContainsAny(path, special) {
		return path
	}
	var b strings.Builder
	for _, r := range path { // a byte that is none comes as U+FFFD
		switch {
		case r == utf8.RuneError:
			b.WriteByte('?')
		case r == '\\':
			b.WriteString(`[\\]`)
		case r == '{' || r == '}': // which the library does not know in brackets
			b.WriteString(`\` + string(r))
		case strings.ContainsRune(special, r):
			b.WriteString("[" + string(r) + "]")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

const special = `$*?[{}\`

// Valid reports whether a pattern is one.
func Valid(pattern string) bool { return doublestar.ValidatePathPattern(pattern) }

// text replaces ~ and variables, and makes a pattern absolute.
func (p Paths) text(pattern string) (string, error) {
	var unset string
	text := os.Expand(pattern, func(name string) string {
		value := p.Getenv(name)
		if value == "" {
			unset = name
		}
		return value
	})
	switch {
	case unset != "":
		return "", fmt.Errorf("$%s is not set", unset)
	case text == "~" || strings.HasPrefix(text, "~/"):
		if p.Home == "" {
			return "", errors.New("~ has no meaning: HOME is not set to an absolute path")
		}
		text = p.Home + text[1:]
	case text == "":
		return "", errors.New("no path")
	}
	if !filepath.IsAbs(text) {
		text = filepath.Join(p.Dir, text)
	}
	text = filepath.Clean(text)
	return text, nil
}

// Within reports whether pattern means path or a directory that it is in, whether
// or not that exists.
func (p Paths) Within(pattern, path string) bool {
	literal, err := p.text(pattern)
	if err != nil {
		return false
	}
	for {
		if matched, err := doublestar.PathMatch(literal, path); err != nil || matched {
			return matched
		}
		parent := filepath.Dir(path)
		if parent == path {
			return false
		}
		path = parent
	}
}

// Here are the paths of this process: relative to dir, with the defaults that
// the XDG base directories have. Those must be absolute to count, as HOME must.
func Here(dir string) Paths {
	home := os.Getenv("HOME")
	if !filepath.IsAbs(home) {
		home = ""
	}
	defaults := map[string]string{"UID": strconv.Itoa(os.Getuid())}
	if home != "" {
		defaults["XDG_CONFIG_HOME"] = filepath.Join(home, ".config")
		defaults["XDG_CACHE_HOME"] = filepath.Join(home, ".cache")
		defaults["XDG_DATA_HOME"] = filepath.Join(home, ".local/share")
		defaults["XDG_STATE_HOME"] = filepath.Join(home, ".local/state")
	}
	return Paths{Dir: dir, Home: home, Getenv: func(name string) string {
		value := os.Getenv(name)
		base := strings.HasPrefix(name, "XDG_") && (strings.HasSuffix(name, "_HOME") || name == "XDG_RUNTIME_DIR")
		if name == "HOME" {
			return home
		}
		if value != "" && (!base || filepath.IsAbs(value)) {
			return value
		}
		return defaults[name]
	}}
}
