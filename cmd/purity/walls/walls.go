// Package walls starts Nix, and git, so that nothing is executed that a command left behind.
package walls

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/outside"
	"github.com/nix-purity/purity/nixeval"
)

// Behind has nix, and whatever Nix starts, be kept from the directories in which
// commands may write: nothing there can be executed, no program is looked for there, and
// git is the one of this machine, started by purity.
func Behind(nix nixeval.Nix, hostile func() []string, warn func(string)) nixeval.Nix {
	temp := sync.OnceValues(func() (string, error) { return nixTemp(append(hostile(), nix.Cache)) })
	nix.Start = func(cmd *exec.Cmd) error {
		dirs := append(hostile(), nix.Cache)
		if at := enforce.Real(cmd.Path); slices.ContainsFunc(dirs, func(dir string) bool { return enforce.Inside(at, enforce.Real(dir)) }) {
			return words.Hint(fmt.Errorf("%s lies where a command may write", cmd.Path), "take its directory out of PATH")
		}
		path := outside.Path(os.Getenv("PATH"), dirs)
		git, err := GitFor(nix, path, dirs)
		if err != nil {
			return err
		}
		cmd.Env = append(cmd.Env, "PATH="+strings.TrimPrefix(git+":"+path, ":")) // the last one counts
		err = outside.Start(cmd, outside.Walls{Hostile: dirs, Mounts: mounts(nix), Known: []string{nix.StoreDir(), nix.Store().Real()}, Temp: temp})
		if withoutLandlock(err) {
			warn(fmt.Sprintf("nothing keeps Nix from executing files that commands left behind: %v", err))
			return cmd.Start()
		}
		return err
	}
	return nix
}

// mounts reports whether Nix builds in its own process here, for which it may mount:
// where it does not ask a daemon, because this user may write the store.
func mounts(nix nixeval.Nix) bool {
	return nix.Root != "" || unix.Access(nix.StoreDir(), unix.W_OK) == nil
}

// withoutLandlock reports whether err is that there is no Landlock, so that it is said and
// gone without: who confines commands hears of it by an error anyway.
func withoutLandlock(err error) bool {
	return errors.Is(err, enforce.ErrNoLandlock) || errors.Is(err, enforce.ErrLandlockOff) || errors.Is(err, enforce.ErrLandlockBlocked)
}
