package programs

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/launch"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/cmd/purity/walls"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/nixeval"
)

// HookWord is the hidden argument by which purity runs a shellHook, confined, and prints
// the environment afterwards. The next argument is a [shim.Set].
const HookWord = "__run-hook"

// hookPatience is how long a shellHook may take: one that fetches packages takes minutes,
// and a user who waits at a prompt can interrupt it. If the shellHook does not end by
// itself, there are no shims, and the next prompt does not try again. maxSaid is how much
// of its output purity shows then.
const (
	hookPatience = 10 * time.Minute
	maxSaid      = 4 << 10
)

// runHook runs the shellHook of the environment as the programs of set would run,
// in the project. The hook's output goes to h.Stderr, unless that is nil.
func (h Call) runHook(p confine.Plan, set shim.Set) (*nixeval.Hooked, error) {
	data, err := set.Encode()
	if err != nil {
		return nil, fmt.Errorf("run shellHook: %w", err)
	}
	cmd := exec.Command("/proc/self/exe", HookWord, string(data))
	cmd.Dir = p.Project.Dir
	if h.Stderr != nil {
		cmd.Stderr = h.Stderr
	}
	out, said, err := walls.Ask(cmd, hookPatience, func() { h.Log.Info().Msgf("the shellHook of %s still runs", p.Env.Source) })
	before, environ, _ := strings.Cut(string(out), "\x00\x00")
	if err == nil && environ == "" {
		err = errors.New("it replaces the shell or ends it")
	}
	if err != nil {
		message := fmt.Errorf("run shellHook of %s: %w", p.Env.Source, err)
		if text := strings.TrimSpace(string(said[:min(len(said), maxSaid)])); text != "" {
			message = fmt.Errorf("%w\n%s", message, text)
		}
		return nil, words.Hint(message, "purity exec -- true  shows what it does")
	}
	hooked := p.Env.ParseHooked(environ, strings.Split(before, "\x00"))
	return &hooked, nil
}

// RunHook is purity started by runHook. It prints the environment before the hook, and
// becomes the script, which prints the one after. No parent stays to report denials.
func (h Call) RunHook(encoded string) error {
	set, err := shim.Decode([]byte(encoded))
	if err != nil {
		return fmt.Errorf("run shellHook: %w", err)
	}
	nix, err := NixOf(h.Voice, set)
	if err != nil {
		return err
	}
	ask, err := h.Ask(nix, set, "", set.Request.Project)
	if err != nil {
		return err
	}
	if err := Check(h.Voice, ask); err != nil {
		return err
	}
	plan, err := ask.Resolve(context.Background(), h.from(set, ""))
	h.Warn(plan.Warnings...)
	if err != nil {
		return err
	}
	job, err := launch.Place(plan, func(p confine.Plan, environ []string, run nixeval.Run) (launch.Target, error) {
		scripts, err := p.Env.Scripts(run)
		fmt.Fprint(h.Stdout, strings.Join(environ, "\x00"), "\x00\x00")
		return launch.Target{Path: p.Env.Bash, Argv: []string{p.Env.Bash, "--noprofile", "--norc", filepath.Join(scripts, nixeval.DumpFile)}, Environ: environ}, err
	})
	if err != nil {
		return err
	}
	h.Warn(job.Unlinked...)
	return job.Exec(h.Voice)
}
