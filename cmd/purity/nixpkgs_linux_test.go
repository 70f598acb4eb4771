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

// Common tasks with the nixpkgs in the directory PURITY_NIXPKGS, and with its stdenv.
// The test takes the nix in PATH, with its store and caches, else the nix of the
// fixtures. Their caches have no package of nixpkgs, so the stdenv must be one that
// builds there. The test skips packages that Nix cannot provide, with the reason.
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

// have reports whether Nix can provide a package of nixpkgs, and logs the reason if not.
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
