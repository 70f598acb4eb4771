package programs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/google/renameio/v2"
	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/cmd/purity/trees"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/nixeval"
)

// Hidden arguments by which purity starts itself, each with a directory of shims after it.
const (
	StartWord = "__start-renewal" // starts a renewal and ends
	RenewWord = "__renew"         // makes the shims anew
)

// Files beside the shims.
const (
	renewalLock = ".lock"   // held while shims are renewed
	renewalFail = ".failed" // the key that could not be, and why
)

// BeginRenewal makes the shims of a directory anew, in the background, unless
// that was tried for this very state of the project.
func BeginRenewal(v screen.Voice, dir, current string) {
	if key, _ := FailedRenewal(dir); key == current {
		return
	}
	cmd := exec.Command("/proc/self/exe", StartWord, dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Run(); err != nil {
		v.Log.Warn().Msgf("renew shims of %s: %v", dir, err)
	}
}

// FailedRenewal is the key for which the last renewal failed, and why.
func FailedRenewal(dir string) (key, why string) {
	data, err := os.ReadFile(filepath.Join(dir, renewalFail))
	if err != nil {
		return "", ""
	}
	key, why, _ = strings.Cut(string(data), "\n")
	return key, why
}

// StartRenewal is purity started by startRenewal. It starts another and ends: the command
// which asked for it, soon another program, has no child that it did not start.
func StartRenewal(dir string) error {
	cmd := exec.Command("/proc/self/exe", RenewWord, dir)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd.Start()
}

// Renew makes the shims of a directory anew where there is reason to.
func (h Call) Renew(dir string) error {
	unlock, err := lockedfile.MutexAt(filepath.Join(dir, renewalLock)).Lock()
	if err != nil {
		return fmt.Errorf("lock shims: %w", err)
	}
	defer unlock()
	set, err := shim.Read(dir)
	if err != nil {
		return err
	}
	nix, err := confine.Nix(h.Voice)
	if err != nil {
		return err
	}
	if env, ok := nix.Recall(set.Request.Project, set.Entry); ok {
		nix = nix.Without(env)
	}
	state, stale := Staleness(nix, set)
	if !stale {
		return nil
	}
	ask, err := confine.New(h.Voice, nix, trees.StandsFor(nix, set.Request.Project, set.Request.Dir), set.Request, set.Settings, set.Config)
	if err == nil {
		_, err = h.Remake(ask, confine.FromNix(h.Voice, false), dir, set.Request.Project)
	}
	if err != nil {
		RememberFailure(h.Voice, dir, state, err)
		return err
	}
	if err := os.Remove(filepath.Join(dir, renewalFail)); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// RememberFailure notes beside the shims, which need not be there, that they could
// not be made in a state of the project.
func RememberFailure(v screen.Voice, dir, state string, err error) {
	message, hint, _ := words.Explain(err)
	if hint != "" {
		message += "; " + hint
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return // then it is tried again
	}
	if err := renameio.WriteFile(filepath.Join(dir, renewalFail), []byte(state+"\n"+message), 0o600); err != nil {
		v.Log.Debug().Err(err).Msg("the failure is not remembered")
	}
}

// ForgetFailures has purity repeat failed evaluations of a project, because a person
// allowed it.
func ForgetFailures(nix nixeval.Nix, project string) error {
	marks, err := filepath.Glob(filepath.Join(nix.ProjectDir(project), "*", renewalFail))
	for _, mark := range marks {
		err = errors.Join(err, os.Remove(mark))
	}
	return err
}

// Remake evaluates an environment that was allowed for a project, and makes the shims of a
// directory that somebody looks after.
func (h Call) Remake(ask confine.Ask, from confine.Source, dir, project string) (Made, error) {
	if err := Check(h.Voice, ask); err != nil {
		return Made{}, err
	}
	found, err := Allowed(from, project)(context.Background(), ask)
	if err != nil {
		return Made{}, err
	}
	return h.Make(ask, found, dir, shim.Set{Renewed: true, Renew: "cd " + shell.Quote(ask.Project.Dir)})
}
