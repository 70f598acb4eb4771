package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
)

type policyCmd struct {
	Ref string `arg:"" optional:"" name:"ref" default:"." help:"Flake, with an optional #attribute."`
	source
	config.Settings
	JSON bool `name:"json" help:"Print JSON." xor:"form"`
	Diff bool `help:"Print only what differs from the policy without purity.toml and flags: + is more, - is less." xor:"form"`
}

// Help is shown below the flags.
func (policyCmd) Help() string {
	return `Each row is what a command may do (r read, w write, x execute, i control a
device, c connect to a socket), why, and with which path and all below it. What
no row names is refused. These are the very grants that exec uses.`
}

// policyJSON is the documented form of purity policy --json.
type policyJSON struct {
	Version int         `json:"version"` // 1
	Project string      `json:"project"`
	Level   string      `json:"level"`
	Grants  []grantJSON `json:"grants"`
	Limits  []limit     `json:"limits"`
	Gaps    []string    `json:"gaps"` // what this kernel cannot refuse
}

type grantJSON struct {
	Path   string `json:"path"`
	Access string `json:"access"`
	Reason string `json:"reason"`
}

// limit is what a policy says of things without a path.
type limit struct {
	Subject string `json:"subject"`
	Value   string `json:"value"`
}

// Run prints the policy.
func (c *policyCmd) Run(a *app) error {
	p, err := a.policyOf(c.Ref, c.source, c.Settings)
	if err != nil {
		return err
	}
	switch {
	case c.JSON:
		return printJSON(a.stdout, p.json())
	case c.Diff:
		return p.diff(a.stdout)
	}
	return p.table(a.stdout)
}

// policyOf resolves an environment and makes the policy of a run in it.
func (a *app) policyOf(ref string, s source, flags config.Settings) (*plan, error) {
	p, err := a.prepare(ref, s, flags)
	if err != nil {
		return nil, err
	}
	if err := a.trusted(p.file, p.flags, p.project); untrusted(err) { // to look at is what comes first
		a.log.Warn().Msg(err.Error())
	} else if err != nil {
		return nil, err
	}
	if err := p.resolve(context.Background()); err != nil {
		return nil, err
	}
	if err := p.confine(); err != nil {
		return nil, err
	}
	p.policy.Grants = append(p.policy.Grants, tempGrant(tempPattern(p.nix)))
	return p, nil
}

func (p *plan) json() policyJSON {
	out := policyJSON{Version: 1, Project: p.project.dir, Level: p.level.Name, Limits: p.limits(), Gaps: []string{}}
	for _, g := range p.policy.Grants {
		out.Grants = append(out.Grants, grantJSON{g.Path, g.Access.String(), g.Reason})
	}
	for _, gap := range p.gaps() {
		out.Gaps = append(out.Gaps, gap.String())
	}
	return out
}

// limits are what the policy says besides its grants.
func (p *plan) limits() []limit {
	network := "any"
	switch n := p.policy.Network; {
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
	limits := []limit{}
	for _, name := range p.Presets {
		preset, _ := host.FindPreset(name)
		limits = append(limits, limit{"preset " + name, "opens " + preset.Opens})
	}
	if p.mode() != "enforce" {
		limits = append(limits, limit{"mode " + p.mode(), "nothing is refused; what no row names is only reported"})
	}
	if p.view != nil {
		limits = append(limits, limit{"view", "nothing else is there; " + p.view.Programs()})
		for _, path := range p.view.Protected {
			limits = append(limits, limit{"read-only in the project", path})
		}
		if p.policy.Network.None() {
			network = "none but a loopback of its own"
		}
	} else if p.noView != nil {
		limits = append(limits, limit{"view", "none: " + p.noView.Error()})
	}
	return append(limits, []limit{
		{"network", network},
		{"UNIX sockets", word(p.policy.UnixSockets, "those granted above, and those of the command's own", "pairs only")},
		{"system calls", word(p.policy.NoFilter, "not filtered", "filtered")},
		{"System V IPC", word(p.policy.SysVIPC || p.view != nil, word(p.policy.SysVIPC, "allowed", "the command's own"), "refused")},
		{"user namespaces", word(p.policy.UserNamespaces, "allowed", "refused")},
		{"capabilities of root", word(len(kept) == 0, "none", strings.Join(kept, ", "))},
	}...)
}

// gaps are what the running kernel cannot refuse.
func (p *plan) gaps() []enforce.Gap {
	k := enforce.Probe()
	gaps, err := p.policy.Gaps(k)
	if err != nil && len(gaps) == 0 {
		return []enforce.Gap{{Meaning: "anything", Err: err}}
	}
	return gaps
}

// lines are the rows of the policy, in the form of the table.
func (p *plan) lines() []string {
	var lines []string
	for _, g := range p.policy.Grants {
		lines = append(lines, fmt.Sprintf("%s\t%s\t%s", g.Access, screen.Printable(g.Reason), screen.Printable(g.Path)))
	}
	for _, l := range p.limits() {
		lines = append(lines, fmt.Sprintf("\t%s\t%s", screen.Printable(l.Subject), screen.Printable(l.Value)))
	}
	return lines
}

func (p *plan) table(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, line := range p.lines() {
		fmt.Fprintln(table, line)
	}
	gaps := p.gaps()
	for _, gap := range gaps {
		printf(table, "\tthis kernel\t%s\n", gap)
	}
	if slices.ContainsFunc(gaps, func(g enforce.Gap) bool { return strings.Contains(g.Meaning, "sockets in the file system") }) {
		for _, s := range host.Sockets(host.Here(p.project.cwd)) {
			printf(table, "\tso it can reach\t%s (%s %s)\n", s.Socket, s.Name, s.Does)
		}
	}
	return table.Flush()
}

// diff prints what sets the policy apart from the default one.
func (p *plan) diff(out io.Writer) error {
	standard := *p
	var err error
	if standard.settings, err = newSettings(nil, config.Settings{}, p.project.cwd); err != nil {
		return err
	}
	standard.hostShell = func() ([]enforce.Grant, error) { return host.Shell(standard.level.Programs...) }
	if err := standard.confine(); err != nil {
		return err
	}
	standard.policy.Grants = append(standard.policy.Grants, p.policy.Grants[len(p.policy.Grants)-1]) // TMPDIR
	before, now := standard.lines(), p.lines()
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

// tempGrant opens the TMPDIR of one run.
func tempGrant(dir string) enforce.Grant {
	return enforce.Grant{Path: dir, Access: enforce.All, Reason: "temporary directory of this run", PerRun: true}
}
