package main

import (
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/nix-purity/purity/enforce/selftest"
)

// formVersion is that of every form of --json. Fields may be added within a version.
const formVersion = 1

// forms are what commands print with --json, by their names. Their schema is made of these
// types.
var forms = map[string]any{
	"policy": policyJSON{}, "explain": explanation{}, "doctor": doctorJSON{}, "closure": closureJSON{}, "selftest": selftestJSON{},
	"which": whichJSON{}, "gc": gcJSON{}, "version": versionJSON{}, "config-check": checkedJSON{},
}

type doctorJSON struct {
	Version int     `json:"version" doc:"Of this form."`
	Checks  []check `json:"checks" doc:"Checks, in order."`
}

// closureJSON is what closure.Closure marshals to.
type closureJSON struct {
	Version  int      `json:"version" doc:"Of this form."`
	StoreDir string   `json:"storeDir" doc:"The directory of the store."`
	Roots    []string `json:"roots" doc:"The store paths that were asked for."`
	Paths    []struct {
		Path       string   `json:"path" doc:"A store path."`
		NarSize    int64    `json:"narSize" doc:"Its size in bytes."`
		References []string `json:"references" doc:"The store paths that it names."`
		Deriver    string   `json:"deriver,omitempty" doc:"The derivation that made it, where that is known."`
	} `json:"paths" doc:"All store paths of the closure."`
}

type selftestJSON struct {
	Version int               `json:"version" doc:"Of this form."`
	Reports []selftest.Report `json:"reports" doc:"One for each policy that was attacked."`
}

type whichJSON struct {
	Version     int    `json:"version" doc:"Of this form."`
	Name        string `json:"name" doc:"Name that the caller gave."`
	File        string `json:"file,omitempty" doc:"The file that runs; none where there is no such program."`
	Confined    bool   `json:"confined" doc:"Whether it runs confined."`
	Why         string `json:"why" doc:"Why it is confined, or is not."`
	Environment string `json:"environment,omitempty" doc:"The environment that it runs in."`
	StorePaths  int    `json:"storePaths,omitempty" doc:"How many store paths that has."`
	Project     string `json:"project,omitempty" doc:"The project that it runs in."`
	Shim        string `json:"shim,omitempty" doc:"The shim that runs it."`
}

type gcJSON struct {
	Version int        `json:"version" doc:"Of this form."`
	Removed []goneJSON `json:"removed" doc:"Projects that are gone, whose environments were removed."`
	Shims   int        `json:"shims" doc:"How many directories of shims were removed."`
}

type goneJSON struct {
	Project      string `json:"project" doc:"Its directory."`
	Environments int    `json:"environments" doc:"How many cached environments it had."`
}

type versionJSON struct {
	Version int    `json:"version" doc:"Of this form."`
	Purity  string `json:"purity" doc:"The version of purity."`
	Go      string `json:"go" doc:"The version of Go that built it."`
	OS      string `json:"os" doc:"The operating system."`
	Arch    string `json:"arch" doc:"The machine."`
}

type checkedJSON struct {
	Version int      `json:"version" doc:"Of this form."`
	File    string   `json:"file" doc:"The purity.toml."`
	Opens   []string `json:"opens" doc:"Grants beyond the level in force."`
	Allowed bool     `json:"allowed" doc:"Whether it may be applied."`
}

// writeForm writes the JSON Schema (draft 7) of a form.
func writeForm(w io.Writer, name string) error {
	schema, err := schemaOf(reflect.TypeOf(forms[name]))
	if err != nil {
		return fmt.Errorf("write schema of %s: %w", name, err)
	}
	schema["$schema"] = "http://json-schema.org/draft-07/schema#"
	schema["title"] = "purity " + strings.ReplaceAll(name, "-", " ") + " --json"
	schema["properties"].(object)["version"] = object{"const": formVersion, "description": "Of this form. Fields may be added within a version."}
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
