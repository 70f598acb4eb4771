package config

import (
	"bytes"
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

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/nix-purity/purity/closure/hostile"
)

// Name is the name of the file.
const Name = "purity.toml"

// largest is how many bytes a file of a project may have that is read before anybody
// allowed it.
const largest = 16 << 20

// File is a purity.toml that was read.
type File struct {
	Path       string // absolute
	Base       string // start of relative paths: its directory
	Given      bool   // named by who starts purity, and allowed by that
	Settings   Settings
	Exceptions []Exception
	content    []byte
	at         map[string]position // of keys, "read", and of list elements, "read[0]"
}

type position struct{ line, column int }

// PositionError is a fault in a file, with its place.
type PositionError struct {
	Path         string
	Line, Column int // from 1
	Err          error
	// Nearest is the known word that is most like an unknown one, or empty.
	Nearest string
}

func (e *PositionError) Error() string {
	return fmt.Sprintf("read %s:%d:%d: %v", e.Path, e.Line, e.Column, e.Err)
}

func (e *PositionError) Unwrap() error { return e.Err }

// Find reads the nearest purity.toml in dir or above, up to root. There need
// not be one.
func Find(dir, root string) (*File, error) {
	for {
		path := filepath.Join(dir, Name)
		data, err := hostile.ReadFile(path, largest)
		if err == nil {
			return Parse(path, data)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("read settings: %w", err)
		}
		if _, err := os.Lstat(path); err == nil {
			return nil, fmt.Errorf("read settings: %s: a link to no file", path)
		}
		if dir == root || dir == filepath.Dir(dir) {
			return nil, nil
		}
		dir = filepath.Dir(dir)
	}
}

// Read reads the file at path.
func Read(path string) (*File, error) {
	data, err := hostile.ReadFile(path, largest)
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	return Parse(path, data)
}

// Given reads a file that takes the place of purity.toml. Paths in it are
// relative to dir: it can be anywhere, in the store for one.
func Given(path, dir string) (*File, error) {
	f, err := Read(path)
	if err != nil {
		return nil, err
	}
	f.Base, f.Given = dir, true
	for i := range f.Exceptions {
		f.Exceptions[i].Dir = dir
	}
	return f, nil
}

// Parse reads the content of a purity.toml. A fault in it is a
// [*PositionError].
func Parse(path string, content []byte) (*File, error) {
	f := &File{Path: path, Base: filepath.Dir(path), content: content, at: map[string]position{}}
	var document map[string]any
	if err := toml.Unmarshal(content, &document); err != nil {
		return nil, f.fault(err)
	}
	if err := f.walk(); err != nil {
		return nil, err
	}
	if err := f.decode(document); err != nil {
		return nil, err
	}
	return f, f.check()
}

// fault gives an error of the decoder its place.
func (f *File) fault(err error) error {
	var decode *toml.DecodeError
	if !errors.As(err, &decode) {
		return fmt.Errorf("read %s: %w", f.Path, err)
	}
	line, column := decode.Position()
	text := strings.TrimPrefix(decode.Error(), "toml: ")
	if _, rest, ok := strings.Cut(text, "cannot decode TOML "); ok { // the words are those of Go types
		have, _, _ := strings.Cut(rest, " into")
		text = "this cannot be a" + article(have) + " " + have
	}
	if strings.HasPrefix(text, "expected keyword") || strings.Contains(text, "at start of value") { // inf, nan, true or false, by its first letter
		text = "a text takes quotes"
	}
	return &PositionError{Path: f.Path, Line: line, Column: column, Err: errors.New(text)}
}

func article(word string) string {
	if word != "" && strings.ContainsRune("aeiou", rune(word[0])) {
		return "n"
	}
	return ""
}

// walk finds out where everything is, and that every key is one.
func (f *File) walk() error {
	var parser unstable.Parser
	parser.Reset(bytes.Clone(f.content))
	var table []string
	exceptions := 0
	for parser.NextExpression() {
		e := parser.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = nil
			if err := f.key(&parser, e, &table); err != nil {
				return err
			}
			if strings.Join(table, ".") == "exception" {
				start := parser.Shape(e.Child().Raw).Start
				f.at[fmt.Sprintf("exception[%d]", exceptions)] = position{start.Line, start.Column}
				exceptions++
			}
		case unstable.KeyValue:
			if err := f.keyValue(&parser, e, table); err != nil {
				return err
			}
		}
	}
	return parser.Error()
}

func (f *File) keyValue(parser *unstable.Parser, node *unstable.Node, under []string) error {
	name := slices.Clone(under)
	if err := f.key(parser, node, &name); err != nil {
		return err
	}
	value := node.Value()
	switch value.Kind {
	case unstable.Array:
		elements := value.Children()
		for i := 0; elements.Next(); i++ {
			start := parser.Shape(elements.Node().Raw).Start
			f.at[fmt.Sprintf("%s[%d]", strings.Join(name, "."), i)] = position{start.Line, start.Column}
		}
	case unstable.InlineTable:
		pairs := value.Children()
		for pairs.Next() {
			if err := f.keyValue(parser, pairs.Node(), name); err != nil {
				return err
			}
		}
	}
	return nil
}

// key adds the parts of a node's key to name, and notes where it is.
func (f *File) key(parser *unstable.Parser, node *unstable.Node, name *[]string) error {
	parts := node.Key()
	for parts.Next() {
		part := parts.Node()
		start := parser.Shape(part.Raw).Start
		*name = append(*name, string(part.Data))
		dotted := strings.Join(*name, ".")
		if !known(dotted) {
			return &PositionError{Path: f.Path, Line: start.Line, Column: start.Column, Err: fmt.Errorf("unknown key %q", dotted), Nearest: Nearest(dotted, allKeys())}
		}
		if _, seen := f.at[dotted]; !seen {
			f.at[dotted] = position{start.Line, start.Column}
		}
	}
	return nil
}

// known reports whether a key is one; below env.set any is.
func known(key string) bool {
	return slices.Contains(allKeys(), key) || strings.HasPrefix(key, "env.set.")
}

// Nearest is the word that takes the fewest changes to get from name, if they
// are few.
func Nearest(name string, words []string) string {
	if len(words) == 0 {
		return ""
	}
	best := slices.MinFunc(words, func(a, b string) int { return cmp.Compare(distance(name, a), distance(name, b)) })
	if distance(name, best) > max(2, len(name)/2) {
		return ""
	}
	return best
}

// distance is how many letters must be put in, left out or replaced.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// Text is the source of f.
func (f *File) Text() string { return string(f.content) }

// Empty reports whether f says nothing.
func (f *File) Empty() bool { return len(f.at) == 0 }

// Hash identifies the content, as `sha256sum purity.toml` prints it.
func (f *File) Hash() string {
	sum := sha256.Sum256(f.content)
	return hex.EncodeToString(sum[:])
}
