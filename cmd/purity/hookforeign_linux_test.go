package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/nix-purity/purity/fixtures"
)

// su and sudo can keep a PATH with the shims of another user. purity does not obey them.
func TestForeignShims(t *testing.T) {
	t.Parallel()
	all := users(t, fixtures.Newest(t))
	if len(all) < 2 {
		t.Skip("only root has another user: run the tests as root")
	}
	root, owner := all[0].withPurity(t), all[1].withPurity(t)
	dir := owner.project(t, "c")
	shims := filepath.Join(owner.dir, "shims")
	make := filepath.Join(shims, "make") + " -s test"
	owner.output(t, dir, "purity shims -q --dir "+shims+" --project "+dir+" "+dir)
	if got := owner.output(t, dir, make); !strings.Contains(got, "hello from a confined make") {
		t.Fatalf("the owner's: %s", got)
	}
	got := root.transcript(t, dir, make)
	if !strings.Contains(got, "use shims of "+shims+": they belong to nobody") || !strings.Contains(got, "sudo -i") || !strings.Contains(got, "[exit code 125]") {
		t.Errorf("another's: %s", got)
	}
	hook := "PATH=" + shims + ":$PATH purity __hook-env bash '' ''"
	if got := root.transcript(t, dir, hook); !strings.Contains(got, shims+": these shims belong to nobody; they are taken out of PATH") || !strings.Contains(got, "_purity_leave") {
		t.Errorf("another's, at a prompt: %s", got)
	}
	if got := owner.transcript(t, dir, hook); strings.Contains(got, "belong to") {
		t.Errorf("the owner's, at a prompt: %s", got)
	}
}
