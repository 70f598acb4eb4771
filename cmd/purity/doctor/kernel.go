package doctor

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/enforce/tempdir"
	"github.com/nix-purity/purity/enforce/view"
)

func checkKernel(k enforce.Kernel) []Check {
	if k.Err != nil {
		fix := "use Linux 6.2 or later"
		switch {
		case errors.Is(k.Err, enforce.ErrLandlockOff):
			fix = "add landlock to lsm= of the kernel's command line, or on NixOS to security.lsm"
		case errors.Is(k.Err, enforce.ErrLandlockBlocked):
			fix = "update the container engine: Docker and Podman allow Landlock since 2022"
		case errors.Is(k.Err, enforce.ErrNotLinux):
			fix = "run purity in a Linux machine; there is nothing like Landlock on " + runtime.GOOS
		}
		return []Check{{"kernel", Error, k.Err.Error(), fix}}
	}
	checks := []Check{{"kernel", ok, fmt.Sprintf("Landlock ABI %d", k.ABI), ""}}
	for _, f := range enforce.Features() {
		status, finding, fix := ok, "denies "+f.Meaning, ""
		if f.ABI > k.ABI {
			status, finding, fix = warning, "cannot deny "+f.Meaning, "use Linux "+f.Kernel+" or later"
			if f.ABI <= enforce.DefaultABI {
				status = Error
			}
		}
		checks = append(checks, Check{"kernel", status, finding, fix})
	}
	if k.Filter != nil {
		return append(checks, Check{"kernel", Error, k.Filter.Error(), "use a kernel with CONFIG_SECCOMP_FILTER, or --no-seccomp"})
	}
	return append(checks, Check{"kernel", ok, "filters system calls (unless --no-seccomp)", ""})
}

// checkView tries whether there can be a view, and an overlay of a project. Settings that
// require what cannot be make that an error: each command fails.
func checkView(s confine.Settings) []Check {
	err := view.Available()
	if err != nil && s.ViewWanted() == "true" {
		return []Check{noView(Error, err, "; the settings ask for a view, so each command fails")}
	}
	if err != nil {
		return []Check{noView(warning, err, "; purity can deny files outside and not hide them")}
	}
	checks := []Check{{"view", ok, "can hide files outside (--view)", ""}}
	dir, err := tempdir.Make("/var/tmp")
	if err == nil {
		err = view.OverlayAvailable(dir)
	}
	if err != nil && s.Overlaid() {
		return append(checks, noView(Error, err, "; the settings ask for an overlay of the project, so each command fails"))
	}
	if err != nil {
		return append(checks, noView(warning, err, "; a project cannot be shown as an overlay"))
	}
	return append(checks, Check{"view", ok, "can show a project as an overlay (--discard, --keep-changes DIR)", ""})
}

func noView(status string, err error, so string) Check {
	var refused *view.RefusedError
	if errors.As(err, &refused) {
		return Check{"view", status, err.Error() + so, refused.Fix}
	}
	return Check{"view", status, err.Error(), ""}
}

// checkServices names services outside that obey requests and can be reached.
func checkServices(k enforce.Kernel) []Check {
	var checks []Check
	if !enforce.Upholds(k.ABI, enforce.Connect) {
		for _, s := range host.Sockets(host.Here("/")) {
			checks = append(checks, Check{"services", warning, fmt.Sprintf("%s can be reached at %s: it %s", s.Name, screen.Few(s.Sockets), s.Does), `Linux 7.1 or later denies that; sockets = "none" does on any`})
		}
	}
	for _, s := range host.Daemons() {
		checks = append(checks, Check{"services", warning, "a running " + s.Name + " " + s.Does, "stop it before a run that is to be pure"})
	}
	if files, err := filepath.Glob("/proc/sys/fs/binfmt_misc/*"); err == nil {
		for _, file := range files {
			if data, err := os.ReadFile(file); err == nil && bytes.Contains(data, []byte("flags: ")) && bytes.Contains(data, []byte("F\n")) {
				checks = append(checks, Check{"services", warning, "programs for another machine run by the host's " + filepath.Base(file) + " (binfmt_misc, flag F)", "register it without the flag F"})
			}
		}
	}
	return checks
}
