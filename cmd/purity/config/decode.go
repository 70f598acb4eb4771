package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
)

// decode fills the settings from a document whose keys are all known.
func (f *File) decode(document map[string]any) error {
	if value, there := document["exception"]; there {
		if err := f.exceptions(value); err != nil {
			return err
		}
	}
	settings := reflect.ValueOf(&f.Settings).Elem()
	for i := range settings.NumField() {
		key := settings.Type().Field(i).Tag.Get("toml")
		value, there := document[key]
		if sub, name, dotted := strings.Cut(key, "."); dotted {
			table, isTable := document[sub].(map[string]any)
			if document[sub] != nil && !isTable {
				return f.wrong(sub, errors.New("want a table"))
			}
			value, there = table[name]
		}
		if !there {
			continue
		}
		if err := assign(settings.Field(i).Addr().Interface(), value); err != nil {
			return f.wrong(key, err)
		}
	}
	return nil
}

// assign puts a value of TOML into a field of Settings.
func assign(field, value any) error {
	switch to := field.(type) {
	case *string:
		s, ok := value.(string)
		if !ok {
			return errors.New("want a string")
		}
		*to = s
	case **bool:
		b, ok := value.(bool)
		if !ok {
			return errors.New("want true or false")
		}
		*to = &b
	case **int:
		n, ok := value.(int64)
		if !ok {
			return errors.New("want a number")
		}
		i := int(n)
		*to = &i
	case **Network:
		*to = &Network{}
		return (*to).fromTOML(value)
	case *Sockets:
		return to.fromTOML(value)
	case *View:
		return to.fromTOML(value)
	case *[]string:
		if table, ok := value.(map[string]any); ok { // env.set
			for _, name := range slices.Sorted(maps.Keys(table)) {
				text, ok := table[name].(string)
				if !ok {
					return fmt.Errorf("%s: want a string", name)
				}
				*to = append(*to, name+"="+text)
			}
			return nil
		}
		list, ok := value.([]any)
		if !ok {
			return errors.New("want a list of strings")
		}
		for _, v := range list {
			s, ok := v.(string)
			if !ok {
				return fmt.Errorf("want a list of strings, and %v is none", v)
			}
			*to = append(*to, s)
		}
	default:
		return fmt.Errorf("no way to read a %T", field) // a new kind of setting; a test finds it
	}
	return nil
}

// check looks at values that must be words that there are.
func (f *File) check() error {
	if f.Settings.Level != "" {
		if err := oneOf("level", f.Settings.Level, levelNames()); err != nil {
			return f.wrongWord("level", err)
		}
	}
	if f.Settings.Explain != "" {
		if err := oneOf("explanation", f.Settings.Explain, settingWords("explain")); err != nil {
			return f.wrongWord("explain", err)
		}
	}
	if f.Settings.Mode != "" {
		if err := oneOf("mode", f.Settings.Mode, settingWords("mode")); err != nil {
			return f.wrongWord("mode", err)
		}
	}
	if f.Settings.ProjectAs != "" {
		if err := oneOf("way to show the project", f.Settings.ProjectAs, settingWords("project")); err != nil {
			return f.wrongWord("project", err)
		}
	}
	for i, name := range f.Settings.Presets {
		if err := oneOf("preset", name, PresetNames()); err != nil {
			return f.wrongWord(fmt.Sprintf("presets[%d]", i), err)
		}
	}
	for i, name := range f.Settings.Capabilities {
		if _, ok := enforce.Capability(name); !ok {
			return f.wrong(fmt.Sprintf("capabilities[%d]", i), fmt.Errorf("there is no capability %q", name))
		}
	}
	if n := f.Settings.MinABI; n != nil && (*n < 1 || *n > 99) {
		return f.wrong("min-abi", fmt.Errorf("%d is not a version of Landlock", *n))
	}
	switch level, _ := host.FindLevel(f.Settings.Level); {
	case f.Settings.View == "false" && f.Settings.ProjectAs == "overlay":
		return f.wrong("view", errors.New("an overlay of the project needs a view"))
	case f.Settings.View == "true" && level.Wider:
		return f.wrong("view", fmt.Errorf("level %s shows the host, which a view hides", level.Name))
	}
	return nil
}

// WordError is a value that is none of the words that there are.
type WordError struct {
	Kind, Word string
	Nearest    string // the word that is most like it, or empty
	Words      []string
}

func (e *WordError) Error() string {
	return fmt.Sprintf("there is no %s %q (there are %s)", e.Kind, e.Word, strings.Join(e.Words, ", "))
}

func oneOf(kind, word string, words []string) error {
	if slices.Contains(words, word) {
		return nil
	}
	return &WordError{Kind: kind, Word: word, Nearest: Nearest(word, words), Words: words}
}

func levelNames() []string {
	names := make([]string, len(host.Levels))
	for i, l := range host.Levels {
		names[i] = l.Name
	}
	return names
}

// PresetNames are the names of all presets.
func PresetNames() []string {
	names := make([]string, len(host.Presets))
	for i, p := range host.Presets {
		names[i] = p.Name
	}
	return names
}

func (f *File) wrong(key string, err error) error {
	at := f.at[key]
	return &PositionError{Path: f.Path, Line: at.line, Column: at.column, Err: fmt.Errorf("%s: %w", key, err)}
}

func (f *File) wrongWord(key string, err error) error {
	at := f.at[key]
	var word *WordError
	errors.As(err, &word)
	return &PositionError{Path: f.Path, Line: at.line, Column: at.column, Err: err, Nearest: word.Nearest}
}
