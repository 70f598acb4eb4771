package report

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"sync"

	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/enforce/observe"
	"github.com/nix-purity/purity/enforce/overlay"
)

// Version is that of the JSON form. Fields may be added within a version.
const Version = 1

// Report is the outcome of a run.
type Report struct {
	Version     int      `json:"version"`
	Mode        string   `json:"mode"`        // enforce, warn, audit
	Command     []string `json:"command"`     // with its arguments
	Environment string   `json:"environment"` // the flake, file or store paths of the dev shell
	Defined     string   `json:"definedIn"`   // the file that defines it: flake.nix
	Project     string   `json:"project"`     // its directory
	ExitCode    int      `json:"exitCode"`    // of the command; 128 and a signal's number
	// Watched tells that the command was. Else its uses are unknown.
	Watched bool `json:"watched"`
	// Unjudged counts calls that could not be read. Their uses are unknown.
	Unjudged int       `json:"unjudged,omitempty"`
	Findings []Finding `json:"findings"`
	// Gone are those that an earlier report has and this one has not, where it is
	// the difference of two.
	Gone []Finding `json:"gone,omitempty"`
	// Excepted are findings that purity.toml excepts.
	Excepted []Finding `json:"excepted,omitempty"`
	// Probes are of files that runtimes try at every start and do without. They are no
	// findings.
	Probes []Finding `json:"probes,omitempty"`
	// UnusedExceptions are lines of purity.toml that nothing needed.
	UnusedExceptions []string `json:"unusedExceptions,omitempty"`
	// ExpiredExceptions are lines whose day is over, and that are needed.
	ExpiredExceptions []string          `json:"expiredExceptions,omitempty"`
	until             map[string]string // their days
	// Overlay is the command's changes in an overlay of the project, nil where it had none.
	Overlay *overlay.Result `json:"overlay,omitempty"`
	// Unused are the packages of the dev shell no file of which was opened.
	Unused []Unused `json:"unused,omitempty"`
	// Paths are the store paths of the closure, the largest first.
	Paths []Path `json:"paths,omitempty"`
}

// Finding is a denial with its reasons, in words.
type Finding struct {
	observe.Denial
	// Verdict says how sure it is that the kernel answers so: "confirmed" by the
	// kernel, "predicted" from the policy, or "would be", nothing being enforced.
	Verdict string `json:"verdict"`
	Where   string `json:"where,omitempty"` // the line that asked for it: "Makefile:12", "Makefile:12, and 2 more"
	Why     string `json:"why"`
	Hint    string `json:"hint,omitempty"`
	// Brings are the uses of a program that is outside itself. They go with it.
	Brings []observe.Denial `json:"brings,omitempty"`
	// More are findings with the same reason and hint.
	More []observe.Denial `json:"more,omitempty"`
}

// Unused is a package that was not used.
type Unused struct {
	Path string `json:"path"`
	Size int64  `json:"closureSize"` // bytes
	// Declared packages are those that the dev shell names; others come with it.
	Declared bool `json:"declared"`
}

// Path is a store path of the closure.
type Path struct {
	Path string `json:"path"`
	Size int64  `json:"size"` // bytes
	Used bool   `json:"used"`
}

// Subject is the subject of the finding: a path, an address or a system call.
func (f Finding) Subject() string {
	if f.Refused != "" {
		return f.Refused
	}
	if f.Address != "" {
		return f.Address
	}
	return f.Path
}

// key is the same for findings of the same thing in two runs.
func (f Finding) key() string { return keyOf(f.Denial) }

func keyOf(d observe.Denial) string {
	return d.Access + " " + numbered().ReplaceAllString(Finding{Denial: d}.Subject(), "/proc/self")
}

// all are the keys of f and of all that it stands for.
func (f Finding) all() []string {
	keys := []string{f.key()}
	for _, d := range slices.Concat(f.Brings, f.More) {
		keys = append(keys, keyOf(d))
	}
	return keys
}

// numbered is the directory of a process, whose number says nothing.
var numbered = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^/proc/\d+(/task/\d+)?`)
})

// Expire notes an exception that is needed and whose day is over.
func (r *Report) Expire(origin, until string) {
	if r.until == nil {
		r.until = map[string]string{}
	}
	r.ExpiredExceptions = append(r.ExpiredExceptions, origin)
	r.until[origin] = until
}

// Read reads the JSON form.
func Read(r io.Reader) (Report, error) {
	var report Report
	if err := json.NewDecoder(r).Decode(&report); err != nil {
		return Report{}, fmt.Errorf("read report: %w", err)
	}
	if report.Version != Version {
		return Report{}, fmt.Errorf("read report: version %d is not known here", report.Version)
	}
	return report, nil
}

// Formats are the names of the forms.
var Formats = []string{"text", "json", "sarif", "github", "html"}

// Write writes a report in a form.
func (r Report) Write(out io.Writer, format string) error {
	switch format {
	case "text":
		return r.Text(out, screen.Style{})
	case "json":
		encoder := json.NewEncoder(screen.PlainJSON(out))
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(r)
	case "sarif":
		return r.sarif(out)
	case "github":
		return r.github(out)
	case "html":
		return r.html(out)
	}
	return fmt.Errorf("write report: there is no form %q", format)
}

// Since is r as it differs from an earlier report.
func (r Report) Since(earlier Report) Report {
	r.Findings, r.Gone = r.New(earlier), earlier.New(r)
	r.Excepted, r.Probes, r.Unused, r.UnusedExceptions, r.ExpiredExceptions, r.Paths, r.Overlay = nil, nil, nil, nil, nil, nil, nil
	return r
}

// New are the findings that are not in an earlier report: those with something that it
// does not have, but for uses that a program it has brings along.
func (r Report) New(earlier Report) []Finding {
	known := map[string]bool{}
	for _, f := range slices.Concat(earlier.Findings, earlier.Excepted) {
		for _, key := range f.all() {
			known[key] = true
		}
	}
	added := []Finding{}
	for _, f := range r.Findings {
		missing := func(d observe.Denial) bool { return !known[keyOf(d)] }
		if missing(f.Denial) || slices.ContainsFunc(f.More, missing) {
			added = append(added, f)
		}
	}
	return added
}
