package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"text/tabwriter"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/nixeval/inputs"
)

type doctorCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Help is shown below the flags.
func (doctorCmd) Help() string {
	return `Each line is ok, a warning (purity works, with the gap that is named) or an error
with the way to mend it. The exit code is 1 if there is an error.`
}

// check is one line of the doctor, and of its --json.
type check struct {
	Subject string `json:"subject"` // kernel, nix, project
	Status  string `json:"status"`  // ok, warning, error
	Finding string `json:"finding"`
	Fix     string `json:"fix,omitempty"`
}

const (
	ok      = "ok"
	warning = "warning"
	failure = "error"
)

// errSick has been said already, line by line.
var errSick = errors.New("something is in the way")

// Run checks everything, whatever the first finding.
func (c doctorCmd) Run(a *app) error {
	ctx := context.Background()
	checks := checkKernel(enforce.Probe())
	checks = append(checks, a.checkNix(ctx)...)
	checks = append(checks, a.checkProject()...)
	if c.JSON {
		if err := printJSON(a.stdout, map[string]any{"version": 1, "checks": checks}); err != nil {
			return err
		}
	} else {
		table := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
		for _, c := range checks {
			fmt.Fprintf(table, "%s\t%s\t%s\n", c.Status, c.Subject, c.Finding)
			if c.Fix != "" {
				fmt.Fprintf(table, "\t\t-> %s\n", c.Fix)
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
	for _, f := range k.Features {
		if f.Upheld {
			checks = append(checks, check{"kernel", ok, "refuses " + f.Meaning, ""})
		} else {
			checks = append(checks, check{"kernel", warning, "cannot refuse " + f.Meaning, "use Linux " + f.Kernel + " or later"})
		}
	}
	return checks
}

func (a *app) checkNix(ctx context.Context) []check {
	nix, err := a.nix()
	if err != nil {
		return []check{{"nix", failure, err.Error(), "set HOME or XDG_CACHE_HOME"}}
	}
	version, err := nix.Version(ctx)
	if err != nil {
		_, fix, _ := explain(err)
		return []check{{"nix", failure, err.Error(), fix}}
	}
	checks := []check{{"nix", ok, version, ""}}
	if err := nix.Ping(ctx); err != nil {
		checks = append(checks, check{"nix", failure, "the store does not answer: " + err.Error(), "start nix-daemon, and be in the group that may use it (nix-users on Debian)"})
	} else {
		checks = append(checks, check{"nix", ok, "the store " + nix.StoreDir() + " answers", ""})
	}
	if !nix.FeaturesOn(ctx) {
		checks = append(checks, check{"nix", ok, "flakes are not switched on in nix.conf; purity switches them on for itself", ""})
	}
	if err := os.MkdirAll(nix.Cache, 0o700); err != nil {
		checks = append(checks, check{"nix", failure, "the cache cannot be written: " + err.Error(), "set XDG_CACHE_HOME to a directory of yours"})
	}
	return checks
}

func (a *app) checkProject() []check {
	cwd, err := os.Getwd()
	if err != nil {
		return []check{{"project", failure, err.Error(), ""}}
	}
	dir, root, err := inputs.FindFlake(cwd)
	if err != nil {
		return []check{{"project", warning, "no flake here or above", noFlakeHint()}}
	}
	checks := []check{{"project", ok, "flake " + dir, ""}}
	if nix, err := a.nix(); err == nil {
		if err := (project{dir: dir, cwd: cwd}).check(nix); err != nil {
			_, fix, _ := explain(err)
			checks = append(checks, check{"project", failure, err.Error(), fix})
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "flake.lock")); err != nil {
		checks = append(checks, check{"project", warning, "no flake.lock: what the inputs are is not fixed", "nix flake lock"})
	}
	switch {
	case root == "":
		checks = append(checks, check{"project", warning, "no git repository: Nix copies the whole directory to the store", "git init && git add --all"})
	case exec.Command("git", "-C", dir, "ls-files", "--error-unmatch", "flake.nix").Run() != nil:
		checks = append(checks, check{"project", failure, "git does not track flake.nix, so Nix does not see it", "git add flake.nix"})
	case root != dir:
		checks = append(checks, check{"project", warning, "the repository is " + root + ", above the project: git does not work in there", "name the whole: --project " + root})
	default:
		checks = append(checks, check{"project", ok, "git tracks flake.nix", ""})
	}
	return checks
}
