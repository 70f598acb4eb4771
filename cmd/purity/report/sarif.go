package report

import (
	"encoding/json"
	"io"
	"path/filepath"
	"strconv"
	"strings"
)

// object is a part of a JSON document.
type object = map[string]any

// rules are the kinds of findings, as SARIF wants them listed.
var rules = []struct{ id, text string }{
	{"program", "A program outside the declared environment is run."},
	{"library", "A library outside the declared environment is loaded."},
	{"header", "A header outside the declared environment is read."},
	{"data", "A file outside the declared environment is used."},
	{"directory", "A directory outside the declared environment is listed."},
	{"socket", "A service outside is connected to."},
	{"port", "A network that is not declared is used."},
}

// sarif writes the Static Analysis Results Interchange Format, version 2.1.0.
func (r Report) sarif(out io.Writer) error {
	var descriptions, results []object
	for _, rule := range rules {
		descriptions = append(descriptions, object{"id": rule.id, "shortDescription": object{"text": rule.text}})
	}
	for _, f := range r.Findings {
		message := f.Subject() + " " + f.circumstances() + ": " + f.Why + "."
		if f.Hint != "" {
			message += " " + f.Hint
		}
		result := object{"ruleId": f.Kind, "level": "error", "message": object{"text": message}, "partialFingerprints": object{"purity/v1": f.key()}}
		file, line := f.location(r.Project)
		place := object{"artifactLocation": object{"uri": file}}
		if line > 0 {
			place["region"] = object{"startLine": line}
		}
		result["locations"] = []object{{"physicalLocation": place}}
		results = append(results, result)
	}
	if results == nil {
		results = []object{}
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(object{
		"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
		"runs": []object{{
			"tool":     object{"driver": object{"name": "purity", "language": "en-US", "informationUri": "https://github.com/nix-purity/purity", "rules": descriptions}},
			"language": "en-US",
			"results":  results,
		}},
	})
}

// location is where in the project a finding can be shown: the line that asked
// for it, else the flake, which is where the remedy goes.
func (f Finding) location(project string) (file string, line int) {
	name, number, ok := strings.Cut(f.Where, ":")
	if n, err := strconv.Atoi(number); ok && err == nil {
		if rel, err := filepath.Rel(project, filepath.Join(f.By.Dir, name)); err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel), n
		}
	}
	return "flake.nix", 0
}
