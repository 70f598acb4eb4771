package config

import (
	"fmt"
	"path/filepath"
	"reflect"
)

// Effective is the settings of file and flags together.
type Effective struct {
	Settings // scalars, of which the flags' count, then the file's; lists, added up
	origins  map[string][]Entry
}

// Entry is an element of a list, with where it comes from.
type Entry struct {
	Value  string
	Origin string // "purity.toml:7" or "--read"
	Dir    string // start of a relative path
}

// Merge puts the settings of a file, if there is one, under those of the flags.
// Relative paths of flags are relative to cwd.
func Merge(file *File, flags Settings, cwd string) Effective {
	e := Effective{origins: map[string][]Entry{}}
	merged := reflect.ValueOf(&e.Settings).Elem()
	fromFlags := reflect.ValueOf(flags)
	for i := range merged.NumField() {
		field := merged.Type().Field(i)
		key := field.Tag.Get("toml")
		if field.Type.Kind() == reflect.Slice {
			list := reflect.Zero(field.Type)
			if file != nil {
				values := reflect.ValueOf(file.Settings).Field(i)
				list = reflect.AppendSlice(list, values)
				for n := range values.Len() {
					e.origins[key] = append(e.origins[key], Entry{values.Index(n).String(), file.Line(key, n), file.Base})
				}
			}
			values := fromFlags.Field(i)
			list = reflect.AppendSlice(list, values)
			for n := range values.Len() {
				e.origins[key] = append(e.origins[key], Entry{values.Index(n).String(), "--" + key, cwd})
			}
			merged.Field(i).Set(list)
			continue
		}
		origin := Entry{Origin: "--" + key, Dir: cwd}
		switch {
		case !fromFlags.Field(i).IsZero():
			merged.Field(i).Set(fromFlags.Field(i))
		case file != nil:
			merged.Field(i).Set(reflect.ValueOf(file.Settings).Field(i))
			origin = Entry{Origin: file.Line(key, -1), Dir: file.Base}
		}
		if origin.Value = merged.Field(i).String(); field.Type.Kind() == reflect.String && origin.Value != "" {
			e.origins[key] = []Entry{origin}
		}
	}
	return e
}

// Entries are the elements of a list by its key, or the one of a string.
func (e Effective) Entries(key string) []Entry { return e.origins[key] }

// Line is where a key is, or an element of it: "purity.toml:7".
func (f *File) Line(key string, element int) string {
	at, ok := f.at[fmt.Sprintf("%s[%d]", key, element)]
	if !ok {
		at = f.at[key]
	}
	return fmt.Sprintf("%s:%d", filepath.Base(f.Path), at.line)
}

// Paths are all paths that f names, patterns as they are written: of rows, of
// exceptions, and that of HOME.
func (f *File) Paths() []string {
	var paths []string
	for _, k := range PathKeys {
		paths = append(paths, k.In(f.Settings)...)
	}
	for _, e := range f.Exceptions {
		if _, port := e.Port(); !port {
			paths = append(paths, e.Path)
		}
	}
	if dir := f.Settings.Opens(); dir != "" {
		paths = append(paths, dir)
	}
	return paths
}
