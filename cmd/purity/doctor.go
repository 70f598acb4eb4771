package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/cmd/purity/config"
	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/cmd/purity/hook"
	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/cmd/purity/shim"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/enforce/inspect"
	"github.com/nix-purity/purity/enforce/view"
	"github.com/nix-purity/purity/nixeval/inputs"
)

type doctorCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Help is shown below the flags.
func (doctorCmd) Help() string {
	return `Each line is ok, a warning (purity works, with this gap) or an error with a remedy. The
exit code is 1 if there is an error.`
}

// check is one line of the doctor, and of its --json.
type check struct {
	Subject string `json:"subject" doc:"kernel, nix, project and others."`
	Status  string `json:"status" doc:"ok, warning or error."`
	Finding string `json:"finding" doc:"Result of the check."`
	Fix     string `json:"fix,omitempty" doc:"Remedy."`
}

const (
	ok      = "ok"
	warning = "warning"
	failure = "error"
)

// Run checks everything, whatever the first finding.
func (c doctorCmd) Run(a *app) error {
	ctx := context.Background()
	k, d := enforce.Probe(), doctor{a}
	checks := append(checkKernel(k), checkServices(k)...)
	checks = append(checks, checkView())
	checks = append(checks, d.checkNix(ctx)...)
	checks = append(checks, d.checkProject()...)
	checks = append(checks, checkShims(a.Path)...)
	checks = append(checks, d.checkSelf()...)
	if c.JSON {
		if err := screen.PrintJSON(a.Stdout, doctorJSON{formVersion, checks}); err != nil {
			return err
		}
	} else {
		table := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
		for _, c := range checks {
			screen.Printf(table, "%s\t%s\t%s\n", c.Status, c.Subject, c.Finding)
			if c.Fix != "" {
				screen.Printf(table, "\t\t-> %s\n", c.Fix)
			}
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	for _, c := range checks {
		if c.Status == failure {
			return errSick
		}
	}
	return nil
}

// doctor looks at this machine and the project here.
type doctor struct{ *app }

func checkKernel(k enforce.Kernel) []check {
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
		return []check{{"kernel", failure, k.Err.Error(), fix}}
	}
	checks := []check{{"kernel", ok, fmt.Sprintf("Landlock ABI %d", k.ABI), ""}}
	for _, f := range enforce.Features() {
		status, finding, fix := ok, "denies "+f.Meaning, ""
		if f.ABI > k.ABI {
			status, finding, fix = warning, "cannot deny "+f.Meaning, "use Linux "+f.Kernel+" or later"
			if f.ABI <= enforce.DefaultABI {
				status = failure
			}
		}
		checks = append(checks, check{"kernel", status, finding, fix})
	}
	if k.Filter != nil {
		return append(checks, check{"kernel", failure, k.Filter.Error(), "use a kernel with CONFIG_SECCOMP_FILTER, or --no-seccomp"})
	}
	return append(checks, check{"kernel", ok, "filters system calls (unless --no-seccomp)", ""})
}

// checkView tries whether what is outside can be hidden.
func checkView() check {
	err := view.Available()
	var refused *view.RefusedError
	switch {
	case errors.As(err, &refused):
		return check{"view", warning, err.Error() + "; purity can deny files outside and not hide them", refused.Fix}
	case err != nil:
		return check{"view", warning, err.Error(), ""}
	}
	return check{"view", ok, "can hide files outside (--view)", ""}
}

// checkServices names what outside does as it is told, and can be reached.
func checkServices(k enforce.Kernel) []check {
	var checks []check
	if !enforce.Upholds(k.ABI, enforce.Connect) {
		for _, s := range reachable(host.Here("/")) {
			checks = append(checks, check{"services", warning, fmt.Sprintf("%s can be reached at %s: it %s", s.Name, s.Socket, s.Does), `Linux 7.1 or later denies that; sockets = "none" does on any`})
		}
	}
	for _, s := range host.Daemons() {
		checks = append(checks, check{"services", warning, "a running " + s.Name + " " + s.Does, "stop it before a run that is to be pure"})
	}
	if files, err := filepath.Glob("/proc/sys/fs/binfmt_misc/*"); err == nil {
		for _, file := range files {
			if data, err := os.ReadFile(file); err == nil && bytes.Contains(data, []byte("flags: ")) && bytes.Contains(data, []byte("F\n")) {
				checks = append(checks, check{"services", warning, "programs for another machine run by the host's " + filepath.Base(file) + " (binfmt_misc, flag F)", "register it without the flag F"})
			}
		}
	}
	return checks
}

func (a doctor) checkNix(ctx context.Context) []check {
	nix, err := a.nix()
	if err != nil {
		return []check{{"nix", failure, err.Error(), "set HOME or XDG_CACHE_HOME"}}
	}
	version, err := nix.Version(ctx)
	if err != nil {
		_, fix, _ := words.Explain(err)
		return []check{{"nix", failure, err.Error(), fix}}
	}
	checks := []check{{"nix", ok, version, ""}}
	if err := nix.Ping(ctx); err != nil {
		checks = append(checks, check{"nix", failure, "the store does not answer: " + err.Error(), "start nix-daemon, and be in the group that may use it (nix-users on Debian)"})
	} else {
		checks = append(checks, check{"nix", ok, "the store " + nix.StoreDir() + " answers", ""})
	}
	if sandboxed, err := nix.Sandboxed(ctx); err == nil && !sandboxed {
		checks = append(checks, check{"nix", warning, "not every build runs in Nix's sandbox: builds of an evaluation can run the project's code outside", "sandbox = true in nix.conf"})
	}
	if !nix.FeaturesOn(ctx) {
		checks = append(checks, check{"nix", ok, "flakes are not switched on in nix.conf; purity switches them on for itself", ""})
	}
	if err := writable(nix.Cache); err != nil {
		checks = append(checks, check{"nix", failure, "the cache cannot be written: " + err.Error(), "set XDG_CACHE_HOME to a directory of yours"})
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

func (a doctor) checkProject() []check {
	cwd, err := os.Getwd()
	if err != nil {
		return []check{{"project", failure, err.Error(), ""}}
	}
	dir, root, err := inputs.FindFlake(cwd)
	if err != nil {
		return []check{{"project", warning, "no flake here or above", words.NoFlakeHint()}}
	}
	checks := []check{{"project", ok, "flake " + dir, ""}}
	if nix, err := a.nix(); err == nil {
		if err := (confine.Project{Dir: dir, Cwd: cwd}).Check(nix); err != nil {
			_, fix, _ := words.Explain(err)
			checks = append(checks, check{"project", failure, err.Error(), fix})
		}
	}
	for _, hazard := range inspect.Hazards(dir) {
		checks = append(checks, check{"project", warning, hazard.String(), ""})
	}
	checks = append(checks, a.checkSettings(cwd, dir)...)
	if _, err := os.Stat(filepath.Join(dir, "flake.lock")); err != nil {
		checks = append(checks, check{"project", warning, "no flake.lock fixes the inputs", "nix flake lock"})
	}
	tracked, trackedErr := inputs.Tracks(dir, "flake.nix")
	switch {
	case root == "":
		checks = append(checks, check{"project", warning, "no git repository: Nix copies the whole directory to the store", "git init && git add --all"})
	case trackedErr != nil:
		checks = append(checks, check{"project", warning, "whether git tracks flake.nix cannot be told: " + trackedErr.Error(), "git status"})
	case !tracked:
		checks = append(checks, check{"project", failure, "git does not track flake.nix, so Nix does not see it", "git add flake.nix"})
	case root != dir:
		checks = append(checks, check{"project", ok, "the repository is " + root + ", above the project: git's directory can be read, nothing else of it", ""})
	default:
		checks = append(checks, check{"project", ok, "git tracks flake.nix", ""})
	}
	return checks
}

// checkShims says what shims in PATH do and do not.
func checkShims(path string) []check {
	var checks []check
	for dir := range strings.SplitSeq(path, ":") {
		set, err := shim.Read(dir)
		switch {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			checks = append(checks, check{"shims", failure, err.Error(), "leave the project and enter it again"})
		default:
			checks = append(checks, check{"shims", ok, "programs by name run confined in " + set.Request.Project + "; those of the host that are named by their file do not", "purity shell confines the whole shell"})
		}
	}
	return checks
}

// checkSelf says if commands could replace this program.
func (a doctor) checkSelf() []check {
	nix, err := a.nix()
	if err != nil {
		return nil // which checkNix says
	}
	if err := hook.SelfClosed(nix); err != nil {
		_, fix, _ := words.Explain(err)
		return []check{{"purity", warning, err.Error(), fix}}
	}
	return nil
}

// checkSettings looks at purity.toml, if there is one.
func (a doctor) checkSettings(cwd, dir string) []check {
	file, err := config.Find(cwd, dir)
	if err == nil && file == nil {
		return nil
	}
	if err == nil {
		var flags config.Settings
		if flags, err = settingsOfVariables(); err == nil {
			err = a.trusted(file, flags, confine.ProjectAt(dir))
		}
	}
	if err != nil {
		_, fix, _ := words.Explain(err)
		return []check{{"settings", failure, err.Error(), fix}}
	}
	if mode := file.Settings.Mode; mode != "" && mode != "enforce" {
		return []check{{"settings", warning, file.Line("mode", -1) + ": mode " + mode + ", which denies nothing", "remove the line once the findings are fixed or excepted"}}
	}
	return []check{{"settings", ok, file.Path, ""}}
}
