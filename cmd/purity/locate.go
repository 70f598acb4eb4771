package main

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"
)

// located is the package that an index of packages knows to have a program:
// nix-index's, or that of a NixOS channel. Of several it is the attribute with
// the fewest letters, which is seldom a variant.
func located(name string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for _, index := range []func(context.Context, string) []string{nixLocate, commandNotFound} {
		if attributes := index(ctx, name); len(attributes) > 0 {
			shortest := slices.MinFunc(attributes, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
			return strings.TrimSuffix(shortest, ".out")
		}
	}
	return ""
}

// nixLocate asks nix-index.
func nixLocate(ctx context.Context, name string) []string {
	out, err := exec.CommandContext(ctx, "nix-locate", "--minimal", "--top-level", "--whole-name", "--at-root", "/bin/"+name).Output()
	if err != nil { // most do not have it
		return nil
	}
	return strings.Fields(string(out))
}

// commandNotFound asks the program that reads programs.sqlite of the channel on
// NixOS; that of other systems knows no nix-shell. What would have it install
// or run the package is taken from it.
func commandNotFound(ctx context.Context, name string) []string {
	cmd := exec.CommandContext(ctx, "command-not-found", name)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "NIX_AUTO_") })
	out, _ := cmd.CombinedOutput() // it exits as a shell that finds no program
	var attributes []string
	for _, m := range shellOf.FindAllStringSubmatch(string(out), -1) {
		attributes = append(attributes, m[1])
	}
	return attributes
}

var shellOf = regexp.MustCompile(`(?m)^\s*nix-shell -p (\S+)$`)
