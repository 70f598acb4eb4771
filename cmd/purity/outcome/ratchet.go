package outcome

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/walls"
)

// Ratchet compares the number of exceptions with that of a revision, and says where it has
// grown, else nothing. It is asked before the command runs, which could change the state that git
// answers.
func Ratchet(a confine.Ask, revision string) (grown string, err error) {
	now := len(a.Exceptions())
	if now == 0 { // whatever there was
		return "", nil
	}
	path := filepath.Join(a.Project.Dir, config.Name)
	if a.File != nil {
		path = a.File.Path
	}
	before, err := exceptionsAt(a, path, revision)
	if err != nil {
		return "", fmt.Errorf("compare exceptions with %s: %w", revision, err)
	}
	if now > before {
		grown = fmt.Sprintf("%s has %s, and had %d at %s", path, screen.Plural(now, "exception"), before, revision)
	}
	return grown, nil
}

// exceptionsAt is how many exceptions a file had at a revision: none where it was
// not there.
func exceptionsAt(a confine.Ask, path, revision string) (int, error) {
	dir, err := confine.Git(a)
	if err != nil {
		return 0, err
	}
	if dir == "" {
		return 0, errors.New("git is not in PATH")
	}
	git := func(args ...string) ([]byte, error) {
		cmd := exec.Command(filepath.Join(dir, "git"), append([]string{"-C", filepath.Dir(path), "-c", "protocol.allow=never"}, args...)...)
		cmd.Env = append(slices.DeleteFunc(os.Environ(), ofRepository), "LC_ALL=C")
		out, said, err := walls.Ask(cmd, walls.Patience, nil)
		var exit *exec.ExitError
		if errors.As(err, &exit) && len(said) > 0 {
			err = errors.New(string(bytes.TrimSpace(said)))
		}
		return out, err
	}
	if _, err := git("rev-parse", "--quiet", "--verify", "--end-of-options", revision+"^{commit}"); err != nil {
		return 0, fmt.Errorf("git has no such revision here: %w", err)
	}
	name := revision + ":./" + filepath.Base(path)
	if listed, err := git("ls-tree", "--name-only", revision, "--", filepath.Base(path)); err != nil || len(listed) == 0 {
		return 0, err
	}
	content, err := git("cat-file", "blob", name)
	if err != nil {
		return 0, err
	}
	return config.CountExceptions(content)
}

// ofRepository reports whether a variable chooses another repository, work tree or index
// for git than those of the directory that it is called in, as git sets them for its hooks
// (git rev-parse --local-env-vars).
func ofRepository(v string) bool {
	switch name, _, _ := strings.Cut(v, "="); name {
	case "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_GRAFT_FILE", "GIT_SHALLOW_FILE", "GIT_REPLACE_REF_BASE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_IMPLICIT_WORK_TREE":
		return true
	}
	return false
}
