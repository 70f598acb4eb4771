package inputs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/nix-purity/purity/closure/hostile"
)

// tracked are the repository that dir is in, nil if there is none, and the files that git
// tracks of it. It starts no git. An [*UncacheableError] says why they cannot be told.
func tracked(dir string) (*repository, []indexEntry, error) {
	r, err := findRepository(dir)
	if r == nil || err != nil {
		return nil, nil, err
	}
	entries, err := r.entries()
	return r, entries, err
}

// Tracks reports whether git tracks a file of the repository that dir is in, by its
// path in dir. Errors are as those of Unwatched.
func Tracks(dir, name string) (bool, error) {
	r, entries, err := tracked(dir)
	if r == nil || err != nil {
		return false, err
	}
	path, err := filepath.Rel(r.root, filepath.Join(dir, name))
	return slices.ContainsFunc(entries, func(e indexEntry) bool { return e.path == path }), err
}

// Unwatched reports whether git takes a file for the committed one without a look at it, in the
// repository that dir is in: the index says so (git-update-index(1): assume-unchanged,
// skip-worktree), or the configuration ([repository.looksAway]). A file that is missing, as in a
// sparse work tree, does not count. Nix takes git's word. An [*UncacheableError] says why that
// cannot be told.
func Unwatched(dir string) (bool, error) {
	r, entries, err := tracked(dir)
	if r == nil || err != nil {
		return false, err
	}
	return r.looksAway() || slices.ContainsFunc(entries, func(e indexEntry) bool {
		if e.flags&(flagUnchanged|flagSkip) == 0 || e.mode&modeType == modeDirectory {
			return false
		}
		_, err := os.Lstat(filepath.Join(r.root, e.path))
		return err == nil
	}), nil
}

// away is a pattern of settings of a repository by which git looks at other files, or knows them
// by less (git-config(1): core.worktree, core.checkStat, core.trustctime), and of what can bring them.
const away = `(?i)worktree\s*=|checkstat|trustctime|\[\s*include`

// looksAway reports whether the configuration of the repository may have such a setting. Of the
// repository of a submodule all have.
func (r *repository) looksAway() bool {
	pattern := regexp.MustCompile(away)
	for _, file := range []string{filepath.Join(r.common, "config"), filepath.Join(r.gitDir, "config.worktree")} {
		config, err := hostile.ReadFile(file, maxConfig)
		if pattern.Match(config) || err != nil && !errors.Is(err, fs.ErrNotExist) {
			return true
		}
	}
	return false
}
