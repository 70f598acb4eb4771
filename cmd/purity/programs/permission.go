package programs

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/allow"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/nixeval"
)

// NotAllowed is the error for a project that nobody allowed, or that is not as it was
// then.
func NotAllowed(dir string, permission allow.Permission, changed string) error {
	err := fmt.Errorf("enter %s: it was not allowed", dir)
	if permission == allow.Changed {
		err = fmt.Errorf("enter %s: %s changed since it was allowed", dir, changed)
	}
	return words.Hint(err, "look at it, then: purity allow "+dir)
}

func PermissionOf(dir string) (permission allow.Permission, changed string, err error) {
	list, err := allow.Open()
	if err != nil {
		return allow.Unknown, "", err
	}
	return list.Project(dir)
}

// mayEvaluate is an error unless every file that the evaluation of a request reads is
// as a person allowed it for the project in dir: by these files an evaluation can run
// programs outside, in a build that Nix does for it.
func mayEvaluate(nix nixeval.Nix, request nixeval.Request, dir string) error {
	list, err := allow.Open()
	if err != nil {
		return err
	}
	sources, err := Sources(nix, request)
	if err != nil {
		return err
	}
	permission, changed, err := list.Evaluates(dir, sources)
	ref, path := strings.CutPrefix(request.Flake, "path:")
	switch {
	case err != nil || permission == allow.Allowed:
		return err
	case path && permission == allow.Changed && exists(filepath.Join(dir, ".git")):
		return words.Hint(fmt.Errorf("enter %s: of %s Nix reads all files, and those that git does not track were not allowed", dir, request.Flake), "name the flake without path:  "+shell.Quote(ref))
	}
	return NotAllowed(dir, permission, changed)
}

// Allowed is a source for a project that shells enter: before and after it finds the
// environment all files of the project are as they were allowed. Where one changed
// meanwhile, the result is not used.
func Allowed(from confine.Source, project string) confine.Source {
	return func(ctx context.Context, a confine.Ask) (confine.Found, error) {
		if err := mayEvaluate(a.Nix, a.Request, project); err != nil {
			return confine.Found{}, err
		}
		found, err := from(ctx, a)
		if err == nil {
			err = mayEvaluate(a.Nix, a.Request, project)
		}
		return found, err
	}
}
