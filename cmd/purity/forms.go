package main

import (
	"github.com/nix-purity/purity/cmd/purity/doctor"
	"github.com/nix-purity/purity/cmd/purity/hook"
	"github.com/nix-purity/purity/cmd/purity/show"
	"github.com/nix-purity/purity/enforce/selftest"
)

// forms are the types of the output with --json, by command. The schemas come from them.
var forms = map[string]any{
	"policy": show.Policy{}, "explain": show.Explanation{}, "doctor": doctorJSON{}, "closure": closureJSON{}, "selftest": selftestJSON{},
	"which": hook.Answer{}, "gc": gcJSON{}, "version": versionJSON{}, "config-check": checkedJSON{},
}

type doctorJSON struct {
	Version int            `json:"version" doc:"Of this form."`
	Checks  []doctor.Check `json:"checks" doc:"Checks, in order."`
}

// closureJSON is the JSON of closure.Closure.
type closureJSON struct {
	Version  int      `json:"version" doc:"Of this form."`
	StoreDir string   `json:"storeDir" doc:"The directory of the store."`
	Roots    []string `json:"roots" doc:"The store paths that were asked for."`
	Paths    []struct {
		Path       string   `json:"path" doc:"A store path."`
		NarSize    int64    `json:"narSize" doc:"Its size in bytes."`
		References []string `json:"references" doc:"The store paths that it names."`
		Deriver    string   `json:"deriver,omitempty" doc:"The derivation that made it, where that is known."`
	} `json:"paths" doc:"All store paths of the closure."`
}

type selftestJSON struct {
	Version int               `json:"version" doc:"Of this form."`
	Reports []selftest.Report `json:"reports" doc:"One for each policy that was attacked."`
}

type gcJSON struct {
	Version int        `json:"version" doc:"Of this form."`
	Removed []goneJSON `json:"removed" doc:"Projects that are gone, whose environments were removed."`
	Shims   int        `json:"shims" doc:"How many directories of shims were removed."`
}

type goneJSON struct {
	Project      string `json:"project" doc:"Its directory."`
	Environments int    `json:"environments" doc:"How many cached environments it had."`
}

type versionJSON struct {
	Version int    `json:"version" doc:"Of this form."`
	Purity  string `json:"purity" doc:"The version of purity."`
	Go      string `json:"go" doc:"The version of Go that built it."`
	OS      string `json:"os" doc:"The operating system."`
	Arch    string `json:"arch" doc:"The machine."`
}

type checkedJSON struct {
	Version int      `json:"version" doc:"Of this form."`
	File    string   `json:"file" doc:"The purity.toml."`
	Opens   []string `json:"opens" doc:"Grants beyond the level in force."`
	Allowed bool     `json:"allowed" doc:"Whether it may be applied."`
	Expired []string `json:"expired,omitempty" doc:"Where its exceptions are that hold no longer."`
}
