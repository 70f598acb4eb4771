package shim

import (
	"encoding/hex"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// JSON is text, but names of files are bytes. A string that is not UTF-8 is kept
// in hexadecimal, after a mark that no string of ours begins with.
const byteMark = "\x00"

func escape(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return byteMark + hex.EncodeToString([]byte(s))
}

func unescape(s string) string {
	digits, escaped := strings.CutPrefix(s, byteMark)
	if !escaped {
		return s
	}
	data, err := hex.DecodeString(digits)
	if err != nil {
		return s
	}
	return string(data)
}

// escaped is a copy of s that JSON can hold.
func (s Set) escaped() Set {
	s.Definition = slices.Clone(s.Definition)
	s.Request.Roots = slices.Clone(s.Request.Roots)
	s.Request.Overrides = slices.Clone(s.Request.Overrides)
	settings := reflect.ValueOf(&s.Settings).Elem()
	for i := range settings.NumField() {
		if field := settings.Field(i); field.Kind() == reflect.Slice && !field.IsNil() {
			field.Set(reflect.AppendSlice(reflect.MakeSlice(field.Type(), 0, field.Len()), field))
		}
	}
	replaceStrings(reflect.ValueOf(&s).Elem(), escape)
	return s
}

// replaceStrings replaces each string in v.
func replaceStrings(v reflect.Value, by func(string) string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(by(v.String()))
	case reflect.Struct:
		for i := range v.NumField() {
			replaceStrings(v.Field(i), by)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			replaceStrings(v.Index(i), by)
		}
	}
}
