package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-purity/purity/fixtures"
	"github.com/rogpeppe/go-internal/testscript"
)

// Common tasks with nixpkgs, with the nixpkgs in the directory that PURITY_NIXPKGS
// names and the stdenv that it has. A nix in PATH is taken, with its store and its
// caches; without one that of the fixtures, with theirs, which have no package of
// nixpkgs, so that its stdenv must be one that builds there. Packages that
// cannot be had are left out, with the reason of Nix.
func TestNixpkgs(t *testing.T) {
	dir := os.Getenv("PURITY_NIXPKGS")
	if dir == "" {
		t.Skip("PURITY_NIXPKGS names no directory: make test-nixpkgs PURITY_NIXPKGS=DIR")
	}
	nix, own := fixtures.Newest(t), false
	if program, err := exec.LookPath("nix"); err == nil {
		nix, own = fixtures.Nix{Version: "of PATH", Bin: filepath.Dir(program)}, true
	}
	params := scriptParams(t, "testdata/nixpkgs", nix)
	setup := params.Setup
	params.Setup = func(env *testscript.Env) error {
		if err := setup(env); err != nil {
			return err
		}
		if own {
			for _, name := range []string{"NIX_CONF_DIR", "NIX_STORE_DIR", "NIX_STATE_DIR", "NIX_LOG_DIR"} {
				env.Setenv(name, os.Getenv(name))
			}
		}
		env.Setenv("NIX_PATH", "nixpkgs="+dir)
		env.Setenv("NIXPKGS", dir)
		env.Setenv("NIX_CONFIG", "extra-experimental-features = nix-command flakes")
		return nil
	}
	condition := params.Condition
	params.Condition = func(cond string) (bool, error) {
		if attr, ok := strings.CutPrefix(cond, "have:"); ok {
			return have(t, nix, own, dir, attr), nil
		}
		return condition(cond)
	}
	testscript.Run(t, params)
}

// have reports whether a package of nixpkgs can be had, with the reason of Nix if not.
func have(t *testing.T, nix fixtures.Nix, own bool, dir, attr string) bool {
	cmd := exec.Command(filepath.Join(nix.Bin, "nix-build"), dir, "-A", attr, "--no-out-link")
	cmd.Env = os.Environ()
	if !own {
		cmd.Env = nix.Environ(t.TempDir())
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Logf("%s cannot be had: %.300s", attr, out[max(0, strings.LastIndex(string(out), "error:")):])
	}
	return err == nil
}
