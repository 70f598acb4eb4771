package main

import (
	"context"
	"fmt"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/nixeval"
)

// notAllowed is the error for a project that nobody allowed, or that is not as it was
// then.
func notAllowed(dir string, permission config.Permission, changed string) error {
	err := fmt.Errorf("enter %s: it was not allowed", dir)
	if permission == config.Changed {
		err = fmt.Errorf("enter %s: %s changed since it was allowed", dir, changed)
	}
	return words.Hint(err, "look at it, then: purity allow "+dir)
}

func permissionOf(dir string) (permission config.Permission, changed string, err error) {
	trust, err := config.OpenTrust()
	if err != nil {
		return config.Unknown, "", err
	}
	return trust.Project(dir)
}

// mayEvaluate is an error unless every file that the evaluation of a request reads is
// as a person allowed it for the project in dir: what an evaluation reads can run
// programs outside, in a build that Nix does for it.
func mayEvaluate(nix nixeval.Nix, request nixeval.Request, dir string) error {
	trust, err := config.OpenTrust()
	if err != nil {
		return err
	}
	files, err := sources(nix, request)
	if err != nil {
		return err
	}
	permission, changed, err := trust.Evaluates(dir, files)
	if err == nil && permission != config.Allowed {
		err = notAllowed(dir, permission, changed)
	}
	return err
}

// evaluateAllowed resolves the environment of a project that shells enter, and before
// and after that its files are as they were allowed: where one changed meanwhile, what
// came of it is not used.
func (p *plan) evaluateAllowed(project string) error {
	if err := mayEvaluate(p.nix, p.request, project); err != nil {
		return err
	}
	if err := p.resolve(context.Background()); err != nil {
		return err
	}
	return mayEvaluate(p.nix, p.request, project)
}
