// Package doctor checks whether this machine and the project here have all that purity needs.
package doctor

import (
	"context"
	"slices"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/enforce"
)

// Check is one line of the doctor, and of its --json.
type Check struct {
	Subject string `json:"subject" doc:"kernel, nix, project and others."`
	Status  string `json:"status" doc:"ok, warning or error."`
	Finding string `json:"finding" doc:"Result of the check."`
	Fix     string `json:"fix,omitempty" doc:"Remedy."`
}

const (
	ok      = "ok"
	warning = "warning"
	Error   = "error"
)

// Doctor looks at this machine and the project here.
type Doctor struct {
	Voice     screen.Voice
	Path      string                          // the caller's PATH
	Variables func() (config.Settings, error) // settings of the PURITY_ variables
}

// Checks are all, whatever the first finding.
func (d Doctor) Checks(ctx context.Context) []Check {
	k := enforce.Probe()
	return slices.Concat(checkKernel(k), checkServices(k), checkView(d.settings()), d.checkNix(ctx), d.checkProject(), checkShims(d.Path), d.checkSelf())
}
