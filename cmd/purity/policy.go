package main

import (
	"context"
	"fmt"
	"path/filepath"
	"text/tabwriter"

	"github.com/nix-purity/purity/enforce"
)

type policyCmd struct {
	Ref string `arg:"" optional:"" name:"ref" default:"." help:"Flake, with an optional #attribute."`
	source
	Home string `placeholder:"private|none|PATH" default:"private" help:"As for exec."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Help is shown below the flags.
func (policyCmd) Help() string {
	return `Each row is what a command may do (r read, w write, x execute, i control the
terminal), why, and with which path and all below it. What no row names is
refused. These are the very grants that exec uses.`
}

// policyJSON is the documented form of purity policy --json.
type policyJSON struct {
	Version int         `json:"version"` // 1
	Project string      `json:"project"`
	Grants  []grantJSON `json:"grants"`
}

type grantJSON struct {
	Path   string `json:"path"`
	Access string `json:"access"`
	Reason string `json:"reason"`
}

// Run prints the policy.
func (c *policyCmd) Run(a *app) error {
	ctx := context.Background()
	p, err := a.prepare(c.Ref, c.source, confinement{Home: c.Home})
	if err != nil {
		return err
	}
	if err := p.resolve(ctx); err != nil {
		return err
	}
	if err := p.confine(); err != nil {
		return err
	}
	temp, err := tempParent()
	if err != nil {
		return err
	}
	grants := append(p.policy.Grants, tempGrant(filepath.Join(temp, "*")))
	if c.JSON {
		out := policyJSON{Version: 1, Project: p.project.dir}
		for _, g := range grants {
			out.Grants = append(out.Grants, grantJSON{g.Path, g.Access.String(), g.Reason})
		}
		return printJSON(a.stdout, out)
	}
	table := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, g := range grants {
		fmt.Fprintf(table, "%s\t%s\t%s\n", g.Access, g.Reason, g.Path)
	}
	return table.Flush()
}

// tempGrant opens the TMPDIR of one run.
func tempGrant(dir string) enforce.Grant {
	return enforce.Grant{Path: dir, Access: enforce.Read | enforce.Write | enforce.Execute, Reason: "temporary directory of this run", PerRun: true}
}
