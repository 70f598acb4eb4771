package report

import (
	"encoding/json"
	"io"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/screen"
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
	{"call", "The command makes a system call that the filter denies."},
}

// sarif writes the Static Analysis Results Interchange Format, version 2.1.0.
func (r Report) sarif(out io.Writer) error {
	var descriptions []object
	for _, rule := range rules {
		descriptions = append(descriptions, object{"id": rule.id, "shortDescription": object{"text": rule.text}})
	}
	results := []object{}
	for _, f := range r.Findings {
		results = append(results, f.result(r))
	}
	run := object{
		"tool":     object{"driver": object{"name": "purity", "language": "en-US", "informationUri": "https://github.com/nix-purity/purity", "rules": descriptions}},
		"language": "en-US",
		"results":  results,
	}
	if r.Overlay != nil { // changes of the project are no findings; viewers show properties of a run
		run["properties"] = object{"overlay": r.Overlay}
	}
	if text := r.Doubt(); text != "" {
		run["invocations"] = []object{{
			"executionSuccessful":        r.Watched,
			"toolExecutionNotifications": []object{{"level": "warning", "message": object{"text": text}}},
		}}
	}
	encoder := json.NewEncoder(screen.PlainJSON(out))
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(object{"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": []object{run}})
}

// result is a finding as SARIF has it.
func (f Finding) result(r Report) object {
	file, line := f.location(r)
	place := object{"artifactLocation": object{"uri": (&url.URL{Path: file}).String()}}
	if line > 0 {
		place["region"] = object{"startLine": line}
	}
	return object{
		"ruleId": f.Kind, "level": "error", "message": object{"text": strings.Join(f.sentences(), ". ")},
		"partialFingerprints": object{"purity/v1": f.key()},
		"locations":           []object{{"physicalLocation": place}},
		"properties":          object{"access": f.Access, "errno": f.Errno, "verdict": f.Verdict},
	}
}

// location is where in the project a finding can be shown: the line that asked
// for it, else the file that defines the environment, where the remedy goes.
func (f Finding) location(r Report) (file string, line int) {
	if i := strings.LastIndexByte(f.Where, ':'); i > 0 {
		number, _, _ := strings.Cut(f.Where[i+1:], ",") // and 1 more
		n, err := strconv.Atoi(number)
		rel, relErr := filepath.Rel(r.Project, filepath.Join(f.By.Dir, f.Where[:i]))
		if err == nil && relErr == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel), n
		}
	}
	if r.Defined == "" {
		return "flake.nix", 0
	}
	return filepath.ToSlash(r.Defined), 0
}
