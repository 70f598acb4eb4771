package outcome

import (
	"path/filepath"
	"slices"
	"time"

	"github.com/nix-purity/purity/cmd/purity/cause"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/report"
	"github.com/nix-purity/purity/enforce/observe"
)

// Apart reports whether it matters which of several programs used something: an
// exception is for one alone. Enforced, none such holds.
func Apart(a confine.Ask) bool {
	return !a.Enforced() && slices.ContainsFunc(a.Exceptions(), func(e config.Exception) bool { return e.Only != "" })
}

// except parts the excepted denials from the others. It judges the denials of each program
// by themselves, before equal ones of several programs become one finding.
func (o Run) except(r *report.Report, denials []observe.Denial) {
	var listed, excepted []observe.Denial
	used, expired := map[int]bool{}, map[int]bool{}
	var probes []observe.Denial
	for _, d := range denials {
		for _, follower := range d.Followers {
			used[o.excepted(follower)] = true
		}
		i := o.excepted(d)
		if i < 0 && probe(d) {
			probes = append(probes, d)
			continue
		}
		if i < 0 {
			listed = append(listed, d)
			continue
		}
		e := o.Exceptions()[i]
		if o.doubt(e) == "" {
			excepted = append(excepted, d)
		} else {
			listed = append(listed, d)
		}
		if e.Expired(time.Now()) && !expired[i] {
			r.Expire(e.Origin, e.Until)
			expired[i] = true
		}
		used[i] = true
	}
	r.Findings = append(r.Findings, o.findings(listed)...)
	for i, f := range r.Findings {
		for _, d := range append([]observe.Denial{f.Denial}, f.More...) {
			if e := o.excepted(d); e >= 0 && f.Why != "" {
				r.Findings[i].Why += "; " + o.doubt(o.Exceptions()[e])
				break
			}
		}
	}
	r.Excepted, r.Probes = o.findings(excepted), o.findings(probes)
	for i, e := range o.Exceptions() {
		if !used[i] && !o.Enforced() && r.Watched {
			r.UnusedExceptions = append(r.UnusedExceptions, e.Origin)
		}
	}
}

// doubt is why an exception does not hold in this run, empty if it does.
func (o Run) doubt(e config.Exception) string {
	switch {
	case e.Expired(time.Now()):
		return "excepted until " + e.Until + " (" + e.Origin + ")"
	case e.Only != "" && o.Enforced():
		return "the exception at " + e.Origin + " is for " + e.Only + " alone, which the kernel cannot tell"
	}
	return ""
}

// excepted is the exception that is for a denial, -1 if there is none: one that
// holds, else one that does not. An exception can name a file of the process itself by
// /proc/self, as reports do.
func (o Run) excepted(d observe.Denial) int {
	names := []string{d.Path, d.Real}
	if d.Address != "" {
		names = []string{d.Address}
	}
	for _, name := range names {
		if own := cause.OwnName(d, name); own != name {
			names = append(names, own)
		}
	}
	program, doubtful := filepath.Base(d.By.Program), -1
	for i, e := range o.Exceptions() {
		switch {
		case !slices.ContainsFunc(names, func(name string) bool { return name != "" && e.Matches(name, d.Access, program) }):
		case o.doubt(e) == "":
			return i
		case doubtful < 0:
			doubtful = i
		}
	}
	return doubtful
}
