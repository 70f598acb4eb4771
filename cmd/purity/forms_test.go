package main

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/xeipuuv/gojsonschema"

	"github.com/nix-purity/purity/closure"
	"github.com/nix-purity/purity/cmd/purity/form"
	"github.com/nix-purity/purity/fixtures"
)

// Every form of --json, and the closure, which marshals itself, has a schema that describes
// each field and no other.
func TestForms(t *testing.T) {
	have, err := closure.New("/s", []closure.Path{"/s/00000000000000000000000000000000-a"}, []closure.Node{{Path: "/s/00000000000000000000000000000000-a", NarSize: 1}})
	if err != nil {
		t.Fatal(err)
	}
	for name, printed := range forms {
		full := reflect.New(reflect.TypeOf(printed)).Elem()
		fixtures.Fill(full)
		full.FieldByName("Version").SetInt(form.Version)
		value := full.Interface()
		if name == "closure" {
			value = have
		}
		data, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		var schema bytes.Buffer
		if err := form.WriteSchema(&schema, name, printed); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(schema.String(), `"description": ""`) {
			t.Errorf("%s: a field has no description\n%s", name, &schema)
		}
		strict := strings.ReplaceAll(schema.String(), `"properties": {`, `"additionalProperties": false, "properties": {`)
		result, err := gojsonschema.Validate(gojsonschema.NewStringLoader(strict), gojsonschema.NewBytesLoader(data))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range result.Errors() {
			t.Errorf("%s: %v", name, e)
		}
		none, err := gojsonschema.Validate(gojsonschema.NewStringLoader(strict), gojsonschema.NewStringLoader("{}"))
		if err != nil || none.Valid() {
			t.Errorf("%s: nothing at all is valid: %v", name, err)
		}
	}
}
