package config

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// Key is a key of purity.toml, for people.
type Key struct {
	Name     string   // with dots
	Help     string   // a sentence or two
	Words    []string // the choices, if there are some
	Example  string   // a value, as TOML
	Flag     string   // that says the same, such as --[no-]seccomp, or empty
	Variable string   // that says the same, or empty
	field    reflect.StructField
}

// SettingKeys are the keys of [Settings].
func SettingKeys() []Key {
	keys := keysOf(reflect.TypeFor[Settings]())
	for i := range keys {
		k := &keys[i]
		name := cmp.Or(k.field.Tag.Get("name"), k.Name[strings.LastIndexByte(k.Name, '.')+1:])
		if _, ok := k.field.Tag.Lookup("negatable"); ok {
			name = "[no-]" + name
		}
		k.Flag, k.Variable = "--"+name, k.field.Tag.Get("env")
		if k.Name == "presets" {
			k.Words = PresetNames()
		}
	}
	return keys
}

// ExceptionKeys are the keys of an [Exception].
func ExceptionKeys() []Key { return keysOf(reflect.TypeFor[Exception]()) }

func keysOf(t reflect.Type) []Key {
	var keys []Key
	for field := range t.Fields() {
		if name := field.Tag.Get("toml"); name != "" {
			keys = append(keys, Key{
				Name: name, Help: help(field.Tag.Get("help")), Words: words(t, name), field: field,
				Example: strings.ReplaceAll(field.Tag.Get("example"), "'", `"`),
			})
		}
	}
	return keys
}

// help is the help text of a flag as that of a key.
func help(text string) string {
	return strings.NewReplacer("; can be repeated", "", "${presets}", strings.Join(PresetNames(), ", "), "$$", "$").Replace(text)
}

// words are the choices of a key, none if it is free.
func words(t reflect.Type, key string) []string {
	for field := range t.Fields() {
		if field.Tag.Get("toml") == key && field.Tag.Get("enum") != "" {
			return slices.DeleteFunc(strings.Split(field.Tag.Get("enum"), ","), func(w string) bool { return w == "" })
		}
	}
	return nil
}

func settingWords(key string) []string { return words(reflect.TypeFor[Settings](), key) }

// allKeys are all keys of the file, with dots, sorted.
var allKeys = sync.OnceValue(func() []string {
	keys := []string{"env", "shims", "network.bind", "network.connect", "network.udp", "exception"}
	for _, k := range SettingKeys() {
		keys = append(keys, k.Name)
	}
	for _, k := range ExceptionKeys() {
		keys = append(keys, "exception."+k.Name)
	}
	slices.Sort(keys)
	return keys
})
