// Package form is the JSON that commands of purity print for machines: its version, and a
// JSON Schema of it, made of the Go type that is printed.
package form

import (
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Version is that of every form. Fields may be added within a version.
const Version = 1

// WriteSchema writes the JSON Schema (draft 7) of the form of a command, whose type is that
// of value. The tag doc of a field describes it.
func WriteSchema(w io.Writer, command string, value any) error {
	schema, err := schemaOf(reflect.TypeOf(value))
	if err != nil {
		return fmt.Errorf("write schema of %s: %w", command, err)
	}
	schema["$schema"] = "http://json-schema.org/draft-07/schema#"
	schema["title"] = "purity " + strings.ReplaceAll(command, "-", " ") + " --json"
	schema["properties"].(object)["version"] = object{"const": Version, "description": "Of this form. Fields may be added within a version."}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(schema)
}

// object is a JSON Schema or a part of one.
type object = map[string]any

func schemaOf(t reflect.Type) (object, error) {
	if t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
		return object{"type": "string"}, nil
	}
	switch t.Kind() {
	case reflect.String:
		return object{"type": "string"}, nil
	case reflect.Bool:
		return object{"type": "boolean"}, nil
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}, nil
	case reflect.Slice:
		items, err := schemaOf(t.Elem())
		return object{"type": []string{"array", "null"}, "items": items}, err
	case reflect.Struct:
		properties, required := object{}, []string{}
		for field := range t.Fields() {
			name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			schema, err := schemaOf(field.Type)
			if err != nil {
				return nil, err
			}
			schema["description"] = field.Tag.Get("doc")
			properties[name] = schema
			if options != "omitempty" {
				required = append(required, name)
			}
		}
		return object{"type": "object", "required": required, "properties": properties}, nil
	}
	return nil, fmt.Errorf("no schema of a %v", t)
}
