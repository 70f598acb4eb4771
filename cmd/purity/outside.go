package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/outside"
	"github.com/nix-purity/purity/nixeval"
)

// behindWalls has nix, and whatever Nix starts, be kept from the directories in which
// commands may write: nothing there can be executed, no program is looked for there, and
// git is the one of this machine, started by purity.
func (a *app) behindWalls(nix nixeval.Nix, hostile func() []string) nixeval.Nix {
	temp := sync.OnceValues(func() (string, error) { return nixTemp(append(hostile(), nix.Cache)) })
	nix.Start = func(cmd *exec.Cmd) error {
		dirs := append(hostile(), nix.Cache)
		if at := real(cmd.Path); slices.ContainsFunc(dirs, func(dir string) bool { return enforce.Inside(at, real(dir)) }) {
			return &hintedError{fmt.Errorf("%s lies where a command may write", cmd.Path), "take its directory out of PATH"}
		}
		path := outside.Path(os.Getenv("PATH"), dirs)
		git, err := gitFor(nix, path, dirs)
		if err != nil {
			return err
		}
		cmd.Env = append(cmd.Env, "PATH="+strings.TrimPrefix(git+":"+path, ":")) // the last one counts
		err = outside.Start(cmd, outside.Walls{Hostile: dirs, Mounts: mounts(nix), Known: []string{nix.StoreDir()}, Temp: temp})
		if withoutLandlock(err) {
			a.log.Warn().Msgf("nothing keeps Nix from executing what commands left behind: %v", err)
			return cmd.Start()
		}
		return err
	}
	return nix
}

// mounts reports whether Nix builds in its own process here, for which it may mount:
// where it does not ask a daemon, because this user may write the store.
func mounts(nix nixeval.Nix) bool {
	return unix.Access(nix.StoreDir(), unix.W_OK) == nil
}

// withoutLandlock reports whether err is that there is no Landlock, so that it is said and
// gone without: who confines commands hears of it by an error anyway.
func withoutLandlock(err error) bool {
	return errors.Is(err, enforce.ErrNoLandlock) || errors.Is(err, enforce.ErrLandlockOff) || errors.Is(err, enforce.ErrLandlockBlocked)
}

// projectHere is the project of the working directory, for what is started before more
// is known.
func projectHere() project {
	cwd, err := os.Getwd()
	if err == nil {
		cwd, err = filepath.EvalSymlinks(cwd)
	}
	if err != nil || cwd == "/" {
		return project{none: true}
	}
	return projectAt(cwd)
}
