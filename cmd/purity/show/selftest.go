package show

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/nix-purity/purity/enforce/selftest"
)

// Selftest prints the outcome of attacks. Unless all are wanted, it only counts those that
// were stopped.
func Selftest(out io.Writer, reports []selftest.Report, all bool) error {
	for _, r := range reports {
		user := "a user"
		if r.Root {
			user = "root"
		}
		subject := fmt.Sprintf("Level %s, as %s, Landlock ABI %d", r.Policy, user, r.ABI)
		if r.Policy == selftest.AcrossGroup {
			subject = "Across runs, as " + user
		}
		fmt.Fprintf(out, "%s: %d attacks, %d stopped, %d open by design, %d open on this kernel.\n\n",
			subject, len(r.Results), r.Count(selftest.Stopped), r.Count(selftest.Design), r.Count(selftest.Open))
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, result := range r.Results {
			line := result.Remedy
			switch {
			case result.Twin != "":
				line = "its allowed twin fails: " + result.Twin
			case result.Wrong():
				line = fmt.Sprintf("EXPECTED: %s. %s", result.Expected, line)
			case result.Status == selftest.Stopped && !all:
				continue
			case result.Status == selftest.Stopped:
				line = result.Refused
				if result.Moot != "" {
					line += " (here without purity, too)"
				}
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", result.Status, result.Group, result.What, line)
		}
		if err := table.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(out)
	}
	return nil
}
