package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/words"
	"golang.org/x/sys/unix"
)

func (d Doctor) checkNix(ctx context.Context) []Check {
	nix, err := confine.Nix(d.Voice)
	if err != nil {
		return []Check{{"nix", Error, err.Error(), "set HOME or XDG_CACHE_HOME"}}
	}
	version, err := nix.Version(ctx)
	if err != nil {
		_, fix, _ := words.Explain(err)
		return []Check{{"nix", Error, err.Error(), fix}}
	}
	checks := []Check{{"nix", ok, version, ""}}
	if err := nix.Ping(ctx); err != nil {
		checks = append(checks, Check{"nix", Error, "the store does not answer: " + err.Error(), "start nix-daemon, and be in the group that may use it (nix-users on Debian)"})
	} else {
		checks = append(checks, Check{"nix", ok, "the store " + nix.Store().String() + " answers", ""})
	}
	if sandboxed, err := nix.Sandboxed(ctx); err == nil && !sandboxed {
		checks = append(checks, Check{"nix", warning, "not every build runs in Nix's sandbox: builds of an evaluation can run the project's code outside", "sandbox = true in nix.conf"})
	}
	if !nix.FeaturesOn(ctx) {
		checks = append(checks, Check{"nix", ok, "flakes are not switched on in nix.conf; purity switches them on for itself", ""})
	}
	if err := writable(nix.Cache); err != nil {
		checks = append(checks, Check{"nix", Error, "the cache cannot be written: " + err.Error(), "set XDG_CACHE_HOME to a directory of yours"})
	}
	return checks
}

// writable is an error where a directory cannot be written, or made.
func writable(dir string) error {
	err := unix.Access(dir, unix.W_OK)
	if info, _ := os.Stat(dir); info != nil && !info.IsDir() {
		err = unix.ENOTDIR
	}
	if errors.Is(err, fs.ErrNotExist) && dir != filepath.Dir(dir) {
		return writable(filepath.Dir(dir))
	}
	if err != nil {
		return &fs.PathError{Op: "write", Path: dir, Err: err}
	}
	return nil
}
