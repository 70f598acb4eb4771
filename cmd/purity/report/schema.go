package report

import _ "embed" // of the schema

// Schema is the JSON Schema (draft 7) of the JSON form.
//
//go:embed schema.json
var Schema string
