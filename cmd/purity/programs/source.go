package programs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/cmd/purity/watch"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/nixeval"
)

// from is the environment that shims were made for, in the cache or evaluated.
func (h Call) from(set shim.Set, dir string) confine.Source {
	if set.Entry != "" {
		return h.FromShims(set, dir)
	}
	nix := watch.FromParent(confine.FromNix(h.Voice, false))
	return func(ctx context.Context, a confine.Ask) (confine.Found, error) {
		found, err := nix(ctx, a)
		found.Renew = set.Renew
		return found, err
	}
}

// FromShims is the environment that shims were made for, in the cache. It begins to renew
// shims that somebody looks after, where that may be.
func (h Call) FromShims(set shim.Set, dir string) confine.Source {
	return func(_ context.Context, a confine.Ask) (confine.Found, error) {
		found := confine.Found{Renew: set.Renew}
		env, ok := a.Nix.Recall(set.Request.Project, set.Entry)
		if !ok && confine.Inside() { // it can still be there
			return found, words.Hint(fmt.Errorf("use shims of %s: this confinement hides the environment of %s", dir, a.Request), "call the program outside; inside take "+dir+" out of PATH")
		}
		if !ok {
			if set.Renewed && dir != "" { // who sees to it looks when it was made
				os.Chtimes(filepath.Join(dir, shim.File), time.Unix(0, 0), time.Unix(0, 0))
			}
			return found, words.Hint(fmt.Errorf("use shims of %s: the environment of %s is cached no more", dir, a.Request), set.Renew)
		}
		found.Env = Hooked(env, set)
		if !set.Renewed {
			if file := set.Changed(); file != "" {
				return found, words.Hint(fmt.Errorf("use shims of %s: %s changed since they were made", dir, file), set.Renew)
			}
			return found, nil
		}
		if state, stale := Staleness(a.Nix.Without(env), set); stale && dir != "" {
			if mayEvaluate(a.Nix.Without(env), a.Request, a.Request.Project) == nil {
				BeginRenewal(h.Voice, dir, state)
			}
		}
		return found, nil
	}
}

// Hooked is an environment as it was after its shellHook.
func Hooked(env nixeval.Environment, set shim.Set) nixeval.Environment {
	if set.Hooked == nil {
		return env
	}
	return env.After(*set.Hooked)
}
