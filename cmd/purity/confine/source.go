package confine

import (
	"context"
	"errors"

	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/nixeval"
)

// Found is the environment of an ask.
type Found struct {
	Env   nixeval.Environment
	Asked bool   // purity asked Nix, which takes a while
	Renew string // the command that renews it; empty if purity asks Nix again by itself
}

// A Source finds the environment of an ask: Nix, the parent that watches, shims, or the
// calling environment.
type Source func(ctx context.Context, a Ask) (Found, error)

// FromNix asks Nix, or its cache, and shows Nix's progress. If silent, it does not report
// the result.
func FromNix(v screen.Voice, silent bool) Source {
	return func(ctx context.Context, a Ask) (Found, error) {
		progress := screen.NewProgress(v, a.Request.String(), silent)
		a.Nix.Report = progress.Event
		env, err := a.Nix.Resolve(ctx, a.Request)
		progress.Done(env, err)
		if err == nil {
			env, err = env.With(a.Request.With...)
		}
		var absent *nixeval.NotFoundError
		if errors.As(err, &absent) && Inside() {
			err = words.Hint(err, "this process is confined already, and its environment has no "+absent.Program+": run this purity outside, or only the command, with --unless-confined")
		}
		return Found{Env: env, Asked: progress.Asked}, err
	}
}

// From returns a source for an ask. With --keep-all the command gets the parts of the
// calling environment that lie in the closure of the environment that source finds.
func From(a Ask, source Source, calling []string) Source {
	if !a.KeepAll {
		return source
	}
	return func(ctx context.Context, a Ask) (Found, error) {
		found, err := source(ctx, a)
		found.Env = found.Env.As(calling, a.Project.Dir)
		found.Env.Source = "the calling environment"
		return found, err
	}
}
