package cause

import (
	"strings"

	"github.com/nix-purity/purity/cmd/purity/report"
)

// explained is a finding with the parts that it can share with others.
type explained struct {
	report.Finding
	by     naming
	owner  string // the package of the host, empty if none is known
	kin    string // the same for libraries or headers that one package has, empty for others
	onHost bool
}

// key is the same for findings that one line mends together, empty if no other can be like
// it.
func (e explained) key() string {
	const sep = "\x00"
	shared := e.Why + sep + e.Hint
	switch {
	case e.Hint == "" || e.Kind == "program" && e.Access == "execute":
		return ""
	case strings.HasPrefix(e.Hint, report.InPolicy) && e.onHost: // whose package it is does not matter then
		shared = e.Hint
	case e.kin != "":
		shared = e.kin
	}
	return strings.Join([]string{e.Access, e.Verdict, e.Where, e.Script, e.by.words, shared}, sep)
}

// alike has findings that one line mends together be one, under the first of them.
func (f *finder) alike(all []explained) []report.Finding {
	var kept []report.Finding
	place := map[string]int{}
	owners := map[int]map[string]bool{}
	for _, e := range all {
		key := e.key()
		at, known := place[key]
		if !known || key == "" {
			at = len(kept)
			place[key] = at
			owners[at] = map[string]bool{}
			kept = append(kept, e.Finding)
		} else {
			kept[at].More = append(kept[at].More, e.Denial)
		}
		owners[at][e.owner] = true
		if len(owners[at]) == 2 { // said once, when there is a second one
			kept[at].Why = f.ofHost("file", "several packages") + namedBy(e.by)
		}
	}
	return kept
}

// ofHost is why a file of the host is a finding.
func (f *finder) ofHost(kind, owner string) string {
	why := "host " + kind
	if owner != "" {
		why += " of " + owner
	}
	return why + "; not in the closure of " + f.Env.Source
}

func namedBy(by naming) string {
	if by.words == "" {
		return ""
	}
	return "; named by " + by.words
}
