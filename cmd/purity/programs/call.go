// Package programs confines the programs of an environment by their names: it chooses those
// that get a shim, makes the shims, runs what they stand for, and renews them.
package programs

import (
	"github.com/nix-purity/purity/cmd/purity/allow"
	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/nixeval"
)

// Call is purity's own call, for its work on behalf of a shell.
type Call struct {
	screen.Voice
	caller.Called
	Variables func() (config.Settings, error) // settings of the PURITY_ variables
}

// Check makes sure that an ask can be confined.
func Check(v screen.Voice, a confine.Ask) error {
	warnings, err := a.Check()
	v.Warn(warnings...)
	return err
}

// Ask returns the ask that shims stand for, as made in the directory dir, for a command in
// the working directory cwd. PURITY_ variables count as they are now.
func (h Call) Ask(nix nixeval.Nix, set shim.Set, dir, cwd string) (confine.Ask, error) {
	project := trees.StandsFor(nix, set.Request.Project, cwd)
	if err := project.Check(nix); err != nil {
		return confine.Ask{}, err
	}
	variables, err := h.Variables()
	if err != nil {
		return confine.Ask{}, err
	}
	ask, err := confine.New(h.Voice, nix, project, set.Request, set.Settings.Under(variables), set.Config)
	if err != nil {
		return ask, err
	}
	ask.Shims, ask.Since = dir, h.Since()
	return keepAllowed(h.Voice, ask, set)
}

// keepAllowed has the settings be those that the shims were made with where a hook
// looks after them and purity.toml changed since without being allowed: a command can
// have removed a line that narrows.
func keepAllowed(v screen.Voice, ask confine.Ask, set shim.Set) (confine.Ask, error) {
	path, text := textOf(ask)
	if !set.Renewed || set.Config != "" || path == set.File && text == set.Text {
		return ask, nil
	}
	if permission, _, err := PermissionOf(set.Request.Project); err == nil && permission == allow.Allowed {
		return ask, nil
	}
	var file *config.File
	if set.File != "" {
		var err error
		if file, err = config.Parse(set.File, []byte(set.Text)); err != nil {
			return ask, err
		}
	}
	return ask.With(v, file)
}
