package launch

import (
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/view"
)

// enterView runs the command in the view, and returns an [*EndedError] of it. If the kernel
// denies a view after all, and the settings do not require one, the command runs without.
func (j *Job) enterView(v screen.Voice) error {
	cmd := j.Command
	cmd.Interpreter, cmd.Path = j.Sees.View.Shell, j.shown(cmd.Path)
	undo := caller.Unmask()
	status, err := view.Run(view.Job{View: *j.Sees.View, Policy: j.Policy, Command: cmd})
	undo()
	var refused *view.RefusedError
	if errors.As(err, &refused) {
		confine.Nested(refused)
	}
	if refused != nil && j.ViewWanted() == "auto" && j.Nix.Root == "" {
		j.Policy = j.Sees.Plain
		j.Policy.Grants = append(slices.Clip(j.Policy.Grants), trees.TempGrant(j.Temp))
		j.Sees = confine.Sight{Refused: refused}
		j.NoteView(v)
		defer caller.Unmask()()
		return j.Policy.Exec(cmd)
	}
	switch {
	case refused != nil && j.Overlaid():
		return words.Hint(err, refused.Fix+"; or "+confine.WithoutOverlay(j.Ask))
	case refused != nil && j.Nix.Root != "": // a chroot store takes a view
		return words.Hint(err, refused.Fix)
	case refused != nil && j.Shims != "" && j.Flags.View == "": // a shim takes no flags of purity
		return words.Hint(err, refused.Fix+"; PURITY_VIEW=false confines by Landlock alone")
	}
	if err == nil {
		err = j.settle(v)
	}
	if err != nil {
		return err
	}
	return &EndedError{status}
}

// shown returns a path of a program that the view shows. A path through a link without a
// grant does not exist there.
func (j Job) shown(path string) string {
	if path == "/bin/sh" || path == "/usr/bin/env" { // of the closure there
		return path
	}
	granted := func(path string, access enforce.Access) bool {
		return slices.ContainsFunc(j.Policy.Grants, func(g enforce.Grant) bool {
			return !g.Own && g.Access&access == access && (enforce.Inside(path, g.Path) || enforce.Inside(path, g.Named))
		})
	}
	if filepath.Clean(path) == path && granted(path, 0) {
		return path
	}
	dir, name := filepath.Split(path) // without Clean, because the target of .. depends on links
	for _, file := range []string{filepath.Join(enforce.Real(dir), name), enforce.Real(path)} {
		if granted(file, enforce.Execute) {
			return file
		}
	}
	return path
}

// hides reports whether the program was not found because the view does not show it.
func (j Job) hides(err error) bool {
	return j.InView() && errors.Is(err, os.ErrNotExist) && confine.ExecutableFile(j.Nix.Store().Follow(j.Command.Path))
}
