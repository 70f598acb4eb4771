package show

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/form"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
)

// Policy is the documented form of purity policy --json.
type Policy struct {
	Version int      `json:"version" doc:"Of this form."`
	Project string   `json:"project" doc:"The writable directory."`
	Level   string   `json:"level" doc:"The level that the policy starts from."`
	Grants  []grant  `json:"grants" doc:"Grants, each with its reason."`
	Limits  []Limit  `json:"limits" doc:"Limits besides paths."`
	Gaps    []string `json:"gaps" doc:"Accesses that this kernel cannot deny."`
}

type grant struct {
	Path   string `json:"path" doc:"A path, with all below it."`
	Access string `json:"access" doc:"r read, w write, x execute, i control a device, c connect."`
	Reason string `json:"reason" doc:"Why it is granted."`
}

// Limit is a rule of a policy about things without a path.
type Limit struct {
	Subject string `json:"subject" doc:"Subject of the limit."`
	Value   string `json:"value" doc:"How it is limited."`
}

// Plan is the plan of a run, for people and machines.
type Plan struct{ confine.Plan }

// JSON is the form of purity policy --json.
func (p Plan) JSON() Policy {
	out := Policy{Version: form.Version, Project: p.Project.Dir, Level: p.Base.Name, Limits: p.limits(), Gaps: []string{}}
	for _, g := range p.Policy.Grants {
		out.Grants = append(out.Grants, grant{g.Path, g.Access.String(), g.Reason})
	}
	for _, gap := range p.gaps() {
		out.Gaps = append(out.Gaps, gap.String())
	}
	return out
}

// limits are the rules of the policy besides its grants.
func (p Plan) limits() []Limit {
	network := "any"
	switch n := p.Policy.Network; {
	case n.None():
		network = "none"
	case !n.Any:
		network = fmt.Sprintf("connect to %v, bind %v, UDP %v", n.Connect, n.Bind, n.UDP)
	}
	word := func(on bool, yes, no string) string {
		if on {
			return yes
		}
		return no
	}
	var kept []string
	for _, name := range p.Capabilities {
		kept = append(kept, strings.ToLower(name))
	}
	limits := []Limit{}
	for _, name := range p.Presets {
		preset, _ := host.FindPreset(name)
		limits = append(limits, Limit{"preset " + name, "opens " + preset.Opens})
	}
	if !p.Enforced() {
		limits = append(limits, Limit{"mode " + p.Mode, "denies nothing, and reports other paths"})
	}
	if files := p.Git.Files; len(files) > 0 {
		limits = append(limits, Limit{"git", "your name, e-mail address and aliases, of " + strings.Join(files, ", ")})
	}
	if p.ProjectAs == confine.Overlay {
		limits = append(limits, Limit{"project", "written in an overlay; the changes are listed, and " + word(p.Keeping.Dir == "", "dropped", "written to "+p.Keeping.Dir)})
	}
	sees := p.Sees
	if sees.View != nil {
		limits = append(limits, Limit{"view", "nothing else is there; " + sees.View.Programs(p.Policy)})
		for _, path := range sees.View.Protected {
			limits = append(limits, Limit{"read-only in " + word(enforce.Inside(path, p.Project.Dir), "the project", "git's directory"), path})
		}
		if p.Policy.Network.None() {
			network = "none but a loopback of its own"
		}
	} else if sees.Refused != nil {
		limits = append(limits, Limit{"view", "none: " + sees.Refused.Error()})
	}
	return append(limits, []Limit{
		{"network", network},
		{"UNIX sockets", word(p.Policy.UnixSockets, "those granted above, and those of the command's own", "pairs only")},
		{"system calls", word(p.Policy.NoFilter, "not filtered", "filtered")},
		{"System V IPC", word(p.Policy.SysVIPC || sees.View != nil, word(p.Policy.SysVIPC, "allowed: memory, semaphores and queues of all your programs", "the command's own"), "denied")},
		{"user namespaces", word(p.Policy.UserNamespaces, "allowed", "denied")},
		{"capabilities of root", word(len(kept) == 0, "none", strings.Join(kept, ", "))},
	}...)
}

// gaps are accesses that the running kernel cannot deny.
func (p Plan) gaps() []enforce.Gap {
	k := enforce.Probe()
	gaps, err := p.Policy.Gaps(k)
	if err != nil && len(gaps) == 0 {
		return []enforce.Gap{{Meaning: "anything", Err: err}}
	}
	return gaps
}

// lines are the rows of the policy, in the form of the table. Unless all are wanted, the
// closure is one.
func (p Plan) lines(all bool) []string {
	var lines []string
	folded := false
	for _, g := range p.Policy.Grants {
		if g.Reason == confine.ClosureReason && !all {
			if !folded {
				lines = append(lines, fmt.Sprintf("%s\t%s\t%s", g.Access, g.Reason, p.closure()))
			}
			folded = true
			continue
		}
		lines = append(lines, fmt.Sprintf("%s\t%s\t%s", g.Access, screen.Printable(g.Reason), screen.Printable(g.Path)))
	}
	for _, l := range p.limits() {
		lines = append(lines, fmt.Sprintf("\t%s\t%s", screen.Printable(l.Subject), screen.Printable(l.Value)))
	}
	return lines
}

// closure is how much the closure is.
func (p Plan) closure() string {
	text := screen.Plural(len(p.Env.Paths), "store path")
	if have, err := p.Env.Closure(); err == nil { // else the sizes are not known
		text += ", " + screen.Size(have.NarSize())
	}
	return text + " (--all lists them)"
}

// Table prints the rows of the policy. Unless all are wanted, the closure is one.
func (p Plan) Table(out io.Writer, all bool) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, line := range p.lines(all) {
		fmt.Fprintln(table, line)
	}
	gaps := p.gaps()
	for _, gap := range gaps {
		screen.Printf(table, "\tthis kernel\t%s\n", gap)
	}
	if slices.ContainsFunc(gaps, func(g enforce.Gap) bool { return strings.Contains(g.Meaning, "sockets in the file system") }) {
		for _, s := range host.Sockets(host.Here(p.Project.Cwd)) {
			if shown := slices.DeleteFunc(s.Sockets, p.Hides); len(shown) > 0 {
				screen.Printf(table, "\tso it can reach\t%s (%s %s)\n", screen.Few(shown), s.Name, s.Does)
			}
		}
	}
	return table.Flush()
}

// Diff prints the difference of the policy from the default one.
func (p Plan) Diff(out io.Writer) error {
	ask, err := p.Standard()
	if err != nil {
		return err
	}
	plan, err := ask.Plan(p.Found)
	if err != nil {
		return err
	}
	standard := Plan{plan}
	standard.Policy.Grants = append(standard.Policy.Grants, p.Policy.Grants[len(p.Policy.Grants)-1]) // TMPDIR
	before, now := standard.lines(true), p.lines(true)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, line := range before {
		if !slices.Contains(now, line) {
			fmt.Fprintln(table, "- "+line)
		}
	}
	for _, line := range now {
		if !slices.Contains(before, line) {
			fmt.Fprintln(table, "+ "+line)
		}
	}
	return table.Flush()
}
