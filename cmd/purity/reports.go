package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/nix-purity/purity/cmd/purity/report"
	"github.com/nix-purity/purity/enforce"
)

// reporting are the flags of commands that report.
type reporting struct {
	Report       []string `placeholder:"FILE" type:"path" sep:"none" help:"Write a report, in the form of its name: .json, .sarif, .html or .txt. - is standard output; can be repeated."`
	Absent       bool     `machines:"" help:"Count missing files outside, too, because a builder of Nix may hide the host. Files that a program then finds in another directory of its list do not count."`
	ReportFormat string   `enum:"text,json,sarif,github,html," default:"" placeholder:"FORMAT" help:"Form of the report: text, json, sarif, github or html. Without --report, purity prints the report on standard output."`
}

// wanted reports whether the flags ask for a report.
func (f reporting) wanted() bool { return len(f.names()) > 0 }

func (f reporting) names() []string {
	if len(f.Report) == 0 && f.ReportFormat != "" {
		return []string{"-"}
	}
	return f.Report
}

// toStdout reports whether a report goes to standard output, which then cannot have
// the output of the command.
func (f reporting) toStdout() bool { return slices.Contains(f.names(), "-") }

// reports are the files for reports.
type reports []*report.File

// open opens the files before anything runs, so that purity can write the reports.
// outside resolves a path, and follows no links that a command can have made.
func (f reporting) open(a *app, outside func(name string) (string, error)) (reports, error) {
	var all reports
	for _, name := range f.names() {
		name, err := outside(name)
		if err != nil {
			return nil, fmt.Errorf("write report: %w", err)
		}
		file, err := report.Open(name, f.ReportFormat, a.Stdout, enforce.OpenRoot)
		if err != nil {
			return nil, err
		}
		all = append(all, file)
	}
	return all, nil
}

func (all reports) write(r report.Report) error {
	var errs []error
	for _, file := range all {
		errs = append(errs, file.Write(r))
	}
	return errors.Join(errs...)
}
