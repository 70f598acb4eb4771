package config

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// object is a JSON Schema or a part of one.
type object = map[string]any

// WriteSchema writes the JSON Schema (2020-12) of purity.toml, for editors.
func WriteSchema(w io.Writer) error {
	properties, environment := object{}, object{}
	for field := range reflect.TypeFor[Settings]().Fields() {
		schema, err := schemaOf(field.Type)
		if err != nil {
			return err
		}
		schema["description"] = description(field.Tag.Get("help"))
		key, to := field.Tag.Get("toml"), properties
		if sub, ok := strings.CutPrefix(key, "env."); ok {
			key, to = sub, environment
		}
		switch key {
		case "level":
			schema["enum"] = levelNames()
		case "mode":
			schema["enum"] = []string{"enforce", "warn", "audit"}
		case "explain":
			schema["enum"] = []string{"programs", "files", "off"}
		case "presets":
			schema["items"] = object{"enum": PresetNames()}
		case "set":
			schema = object{"type": "object", "additionalProperties": object{"type": "string"}, "description": schema["description"]}
		}
		to[key] = schema
	}
	properties["env"] = object{"type": "object", "additionalProperties": false, "properties": environment, "description": "The command's environment."}
	text := object{"type": "string"}
	properties["exception"] = object{"type": "array", "description": "Impurities that are known.", "items": object{
		"type": "object", "additionalProperties": false, "required": []string{"path", "reason"},
		"properties": object{
			"path": object{"type": "string", "description": "As for read, with all below it; or an address such as *:443."}, "reason": object{"type": "string", "pattern": `\S`}, "only": text, "until": object{"type": "string", "format": "date"},
			"access": object{"enum": []string{"read", "write", "execute", "connect", "listen"}},
		},
	}}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(object{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": Name,
		"type": "object", "additionalProperties": false, "properties": properties,
	})
}

// description is a help text without what kong puts in.
func description(help string) string {
	help, _, _ = strings.Cut(help, ": ${")
	return strings.TrimSuffix(strings.ReplaceAll(help, "$$", "$"), ".") + "."
}

func schemaOf(t reflect.Type) (object, error) {
	strings := object{"type": "array", "items": object{"type": "string"}}
	ports := object{"type": "array", "items": object{"type": "integer", "minimum": 1, "maximum": 65535}}
	switch t {
	case reflect.TypeFor[string]():
		return object{"type": "string"}, nil
	case reflect.TypeFor[[]string]():
		return strings, nil
	case reflect.TypeFor[*bool]():
		return object{"type": "boolean"}, nil
	case reflect.TypeFor[*int]():
		return object{"type": "integer", "minimum": 1}, nil
	case reflect.TypeFor[Sockets]():
		return object{"oneOf": []object{strings, {"const": "none"}}}, nil
	case reflect.TypeFor[*Network]():
		table := object{"type": "object", "additionalProperties": false, "properties": object{"connect": ports, "bind": ports, "udp": object{"type": "boolean"}}}
		return object{"oneOf": []object{{"type": "boolean"}, table}}, nil
	}
	return nil, fmt.Errorf("write schema: no form for a %v", t)
}
