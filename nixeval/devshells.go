package nixeval

import (
	"context"
	"encoding/json"
	"runtime"
)

// systems are Nix's names for the machines that Go has names for.
var systems = map[string]string{
	"386": "i686", "amd64": "x86_64", "arm": "armv7l", "arm64": "aarch64", "loong64": "loongarch64", "ppc64le": "powerpc64le", "riscv64": "riscv64",
}

// DevShells lists the dev shells of a flake for this machine, none if that cannot
// be found out. It fetches nothing, writes nothing and builds nothing, for nobody has
// looked at the flake; its evaluation sees no more than any flake does.
func (n Nix) DevShells(ctx context.Context, r Request) []string {
	if unwatched, err := r.unwatched(); unwatched || err != nil || n.check(r) != nil {
		return nil
	}
	ref := parseFlakeRef(r.Flake, r.Dir)
	ref.attr = "devShells"
	n.Report = nil
	system := systems[runtime.GOARCH] + "-" + runtime.GOOS
	args := append([]string{"eval", "--json", "--offline", "--no-write-lock-file",
		"--option", "allow-import-from-derivation", "false", "--option", "max-jobs", "0", "--option", "builders", "", "--apply",
		`shells: builtins.attrNames (shells."` + system + `" or {})`}, flakeArgs(r, ref)...)
	out, err := n.run(ctx, r.Dir, "nix", args...)
	if err != nil {
		return nil
	}
	var names []string
	if json.Unmarshal(out, &names) != nil {
		return nil
	}
	return names
}

// Local reports whether a flake reference means a directory of this machine.
func Local(ref, dir string) bool { return parseFlakeRef(ref, dir).path != "" }
