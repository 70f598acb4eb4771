package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/google/renameio/v2"
	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/nixeval"
)

// Words by which purity starts itself to renew shims in the background: first a
// process that starts another and ends, so that the command which asked for it,
// soon another program, has no child that it did not start.
const (
	startWord = "start-renewal-of-shims"
	renewWord = "renew-shims"
)

// Files beside the shims.
const (
	renewalLock = ".lock"   // held while shims are renewed
	renewalFail = ".failed" // the key that could not be, and why
)

// startRenewal makes the shims of a directory anew, in the background, unless
// that was tried for this very state of the project.
func (a *app) startRenewal(dir, current string) {
	if key, _ := failedRenewal(dir); key == current {
		return
	}
	cmd := exec.Command("/proc/self/exe", startWord, dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Run(); err != nil {
		a.log.Warn().Msgf("renew shims of %s: %v", dir, err)
	}
}

// failedRenewal is the key for which the last renewal failed, and why.
func failedRenewal(dir string) (key, why string) {
	data, err := os.ReadFile(filepath.Join(dir, renewalFail))
	if err != nil {
		return "", ""
	}
	key, why, _ = strings.Cut(string(data), "\n")
	return key, why
}

// runRenewal is purity started by startRenewal.
func runRenewal(args []string) (code int, ok bool) {
	if len(args) != 3 || args[1] != startWord && args[1] != renewWord {
		return 0, false
	}
	if args[1] == startWord {
		cmd := exec.Command("/proc/self/exe", renewWord, args[2])
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if cmd.Start() != nil {
			return exitFailure, true
		}
		return 0, true
	}
	a := newApp(globals{Quiet: true, LogFormat: "text"})
	return a.exit(a.renew(args[2])), true
}

// renew makes the shims of a directory anew where there is reason to.
func (a *app) renew(dir string) error {
	unlock, err := lockedfile.MutexAt(filepath.Join(dir, renewalLock)).Lock()
	if err != nil {
		return fmt.Errorf("lock shims: %w", err)
	}
	defer unlock()
	set, err := shim.Read(dir)
	if err != nil {
		return err
	}
	nix, err := a.nix()
	if err != nil {
		return err
	}
	if env, ok := nix.Recall(set.Request.Project, set.Entry); ok {
		nix = nix.Without(env)
	}
	state, stale := staleness(nix, set)
	if !stale {
		return nil
	}
	p, err := a.plan(nix, standsFor(nix, set.Request.Project, set.Request.Dir), set.Request, set.Settings, set.Config)
	if err == nil {
		err = p.ready()
	}
	if err == nil {
		err = p.renew(dir, set.Request.Project)
	}
	if err != nil {
		a.rememberFailure(dir, state, err)
		return err
	}
	if err := os.Remove(filepath.Join(dir, renewalFail)); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// rememberFailure notes beside the shims, which need not be there, that they could
// not be made in a state of the project.
func (a *app) rememberFailure(dir, state string, err error) {
	message, hint, _ := explain(err)
	if hint != "" {
		message += "; " + hint
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return // then it is tried again
	}
	if err := renameio.WriteFile(filepath.Join(dir, renewalFail), []byte(state+"\n"+message), 0o600); err != nil {
		a.log.Debug().Err(err).Msg("the failure is not remembered")
	}
}

// forgetFailures has what could not be made of a project be tried again, because a person
// allowed it.
func forgetFailures(nix nixeval.Nix, project string) error {
	marks, err := filepath.Glob(filepath.Join(nix.ProjectDir(project), "*", renewalFail))
	for _, mark := range marks {
		err = errors.Join(err, os.Remove(mark))
	}
	return err
}

// renew asks for the environment and makes the shims of a directory that somebody
// looks after.
func (p *plan) renew(dir, project string) error {
	if err := p.evaluateAllowed(project); err != nil {
		return err
	}
	_, err := p.makeShims(dir, shim.Set{Renewed: true, Renew: "cd " + shell.Quote(p.project.dir)})
	return err
}
