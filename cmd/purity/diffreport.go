package main

import (
	"fmt"

	"github.com/nix-purity/purity/closure/hostile"
	"github.com/nix-purity/purity/cmd/purity/report"
	"github.com/nix-purity/purity/cmd/purity/trees"
)

type diffReportCmd struct {
	Old string `arg:"" type:"path" help:"Report of an earlier run (--report FILE.json)."`
	New string `arg:"" type:"path" help:"Report of a later run."`
	reporting
}

// Help is shown below the flags.
func (diffReportCmd) Help() string {
	return `The exit code is 1 if the later run used something outside the environment that
the earlier one did not, or if purity saw less of it.`
}

// Run prints what is new.
func (c diffReportCmd) Run(a *app) error {
	to, err := c.open(a, func(name string) (string, error) { return trees.Outside(trees.ProjectHere().Trees(), name) })
	if err != nil {
		return err
	}
	earlier, err := reportOf(c.Old)
	if err != nil {
		return err
	}
	later, err := reportOf(c.New)
	if err != nil {
		return err
	}
	difference := later.Since(earlier)
	if !c.toStdout() {
		if err := difference.Text(a.Stdout, a.Style()); err != nil {
			return err
		}
		fmt.Fprintf(a.Stdout, "purity: %d new, %d gone\n", len(difference.Findings), len(difference.Gone))
	}
	if err := to.write(difference); err != nil {
		return err
	}
	if !difference.Clean() {
		return codeError(exitImpure)
	}
	return nil
}

func reportOf(name string) (report.Report, error) {
	f, err := hostile.OpenNamed(name)
	if err != nil {
		return report.Report{}, fmt.Errorf("read report: %w", err)
	}
	defer f.Close()
	r, err := report.Read(f)
	if err != nil {
		return report.Report{}, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}
