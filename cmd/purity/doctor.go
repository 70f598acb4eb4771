package main

import (
	"context"
	"text/tabwriter"

	"github.com/nix-purity/purity/cmd/purity/doctor"
	"github.com/nix-purity/purity/cmd/purity/form"
	"github.com/nix-purity/purity/cmd/purity/screen"
)

type doctorCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Help is shown below the flags.
func (doctorCmd) Help() string {
	return `Each line is ok, a warning (purity works, with this gap) or an error with a remedy. The
exit code is 1 if there is an error.`
}

// Run makes every check, whatever the first ones find.
func (c doctorCmd) Run(a *app) error {
	checks := doctor.Doctor{Voice: a.Voice, Path: a.Path, Variables: settingsOfVariables}.Checks(context.Background())
	if c.JSON {
		if err := screen.PrintJSON(a.Stdout, doctorJSON{form.Version, checks}); err != nil {
			return err
		}
	} else {
		table := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
		for _, c := range checks {
			screen.Printf(table, "%s\t%s\t%s\n", c.Status, c.Subject, c.Finding)
			if c.Fix != "" {
				screen.Printf(table, "\t\t-> %s\n", c.Fix)
			}
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	for _, c := range checks {
		if c.Status == doctor.Error {
			return errSick
		}
	}
	return nil
}
