package shim

import (
	"encoding/hex"
	"reflect"
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

// mapped is a copy of v, to the depths, with each string replaced.
func mapped(v reflect.Value, by func(string) string) reflect.Value {
	copied := reflect.New(v.Type()).Elem()
	copied.Set(v)
	switch v.Kind() {
	case reflect.String:
		copied.SetString(by(v.String()))
	case reflect.Pointer:
		if !v.IsNil() {
			copied.Set(reflect.New(v.Type().Elem()))
			copied.Elem().Set(mapped(v.Elem(), by))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			copied.Field(i).Set(mapped(v.Field(i), by))
		}
	case reflect.Slice:
		if !v.IsNil() {
			copied.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		}
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			copied.Index(i).Set(mapped(v.Index(i), by))
		}
	}
	return copied
}
