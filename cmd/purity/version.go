package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/nix-purity/purity/cmd/purity/form"
	"github.com/nix-purity/purity/cmd/purity/screen"
)

// version is set when a release is linked (-ldflags "-X main.version=1.2.3").
var version string

type versionCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Run prints the version, and the compiler.
func (c versionCmd) Run(a *app) error {
	v := version
	if info, ok := debug.ReadBuildInfo(); ok {
		v = cmp.Or(v, info.Main.Version)
	}
	if c.JSON {
		return screen.PrintJSON(a.Stdout, versionJSON{form.Version, cmp.Or(v, "(devel)"), runtime.Version(), runtime.GOOS, runtime.GOARCH})
	}
	fmt.Fprintf(a.Stdout, "purity %s (%s %s/%s)\n", cmp.Or(v, "(devel)"), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}
