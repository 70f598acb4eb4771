package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/enforce/outside"
)

// ratchet compares the number of exceptions with that of a revision, and says
// where it has grown. It is asked before the command runs, which could change
// what git answers.
func (p *plan) ratchet(revision string) error {
	now := len(p.exceptions())
	if now == 0 { // whatever there was
		return nil
	}
	path := filepath.Join(p.project.dir, config.Name)
	if p.file != nil {
		path = p.file.Path
	}
	before, err := p.exceptionsAt(path, revision)
	if err != nil {
		return fmt.Errorf("compare exceptions with %s: %w", revision, err)
	}
	if p.grown = now > before; p.grown {
		p.app.log.Error().Msgf("%s has %s, and had %d at %s", path, screen.Plural(now, "exception"), before, revision)
	}
	return nil
}

// exceptionsAt is how many exceptions a file had at a revision: none where it was
// not there.
func (p *plan) exceptionsAt(path, revision string) (int, error) {
	hostile := append(p.writableTrees(), p.nix.Cache)
	dir, err := gitFor(p.nix, outside.Path(os.Getenv("PATH")+":/usr/bin:/run/current-system/sw/bin", hostile), hostile)
	if err != nil {
		return 0, err
	}
	if dir == "" {
		return 0, errors.New("git is not in PATH")
	}
	git := func(args ...string) ([]byte, error) {
		cmd := exec.Command(filepath.Join(dir, "git"), append([]string{"-C", filepath.Dir(path), "-c", "protocol.allow=never"}, args...)...)
		cmd.Env = append(os.Environ(), "LC_ALL=C")
		out, said, err := ask(cmd, gitPatience, nil)
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
