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
	properties, environment, shims, exception := object{}, object{}, object{}, object{}
	for _, key := range SettingKeys() {
		schema, err := key.schema()
		if err != nil {
			return err
		}
		switch table, name, _ := strings.Cut(key.Name, "."); table {
		case "env":
			environment[name] = schema
		case "shims":
			shims[name] = schema
		default:
			properties[key.Name] = schema
		}
	}
	var err error
	for _, key := range ExceptionKeys() {
		if exception[key.Name], err = key.schema(); err != nil {
			return err
		}
	}
	properties["env"] = object{"type": "object", "additionalProperties": false, "properties": environment, "description": "The command's environment."}
	properties["shims"] = object{"type": "object", "additionalProperties": false, "properties": shims, "description": "The programs that shims and hooks confine."}
	properties["exception"] = object{"type": "array", "description": "Impurities that are known.", "items": object{
		"type": "object", "additionalProperties": false, "required": []string{"path", "reason"}, "properties": exception,
	}}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(object{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": Name,
		"type": "object", "additionalProperties": false, "properties": properties,
	})
}

// schema is the schema of a value of the key.
func (k Key) schema() (object, error) {
	schema, err := schemaOf(k.field.Type)
	if err != nil {
		return nil, err
	}
	schema["description"] = k.Help
	switch {
	case k.Name == "presets":
		schema["items"] = object{"enum": k.Words}
	case k.Name == "env.set":
		delete(schema, "items")
		schema["type"], schema["additionalProperties"] = "object", object{"type": "string"}
	case k.Name == "reason":
		schema["pattern"] = `\S`
	case k.Name == "until":
		schema["format"] = "date"
	case k.Name == "view": // of which two are no words
	case len(k.Words) > 0:
		schema["enum"] = k.Words
	}
	return schema, nil
}

func schemaOf(t reflect.Type) (object, error) {
	strings := object{"type": "array", "items": object{"type": "string"}}
	ports := func(lowest int) object {
		return object{"type": "array", "items": object{"type": "integer", "minimum": lowest, "maximum": 65535}}
	}
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
	case reflect.TypeFor[View]():
		return object{"enum": []any{true, false, "auto"}}, nil
	case reflect.TypeFor[*Network]():
		table := object{"type": "object", "additionalProperties": false, "properties": object{"connect": ports(1), "bind": ports(0), "udp": object{"type": "boolean"}}}
		return object{"oneOf": []object{{"type": "boolean"}, table}}, nil
	}
	return nil, fmt.Errorf("write schema: no form for a %v", t)
}
