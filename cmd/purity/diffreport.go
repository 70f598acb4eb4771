package main

import (
	"fmt"
	"os"

	"github.com/nix-purity/purity/cmd/purity/report"
)

type diffReportCmd struct {
	Old string `arg:"" type:"path" help:"Report of an earlier run (--report FILE.json)."`
	New string `arg:"" type:"path" help:"Report of a later one."`
}

// Help is shown below the flags.
func (diffReportCmd) Help() string {
	return `The exit code is 1 if the later run used something outside the environment that
the earlier one did not.`
}

// Run prints what is new.
func (c diffReportCmd) Run(a *app) error {
	var reports [2]report.Report
	for i, name := range []string{c.Old, c.New} {
		f, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("read report: %w", err)
		}
		reports[i], err = report.Read(f)
		f.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	later := reports[1]
	gone := len(reports[0].New(later))
	later.Findings = later.New(reports[0])
	later.Excepted, later.Unused, later.UnusedExceptions = nil, nil, nil
	if len(later.Findings) > 0 {
		if err := later.Text(a.stdout, a.stdoutColor()); err != nil {
			return err
		}
	}
	fmt.Fprintf(a.stdout, "purity: %d new, %d gone\n", len(later.Findings), gone)
	if len(later.Findings) > 0 {
		return codeError(exitImpure)
	}
	return nil
}
