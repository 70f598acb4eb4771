package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set when a release is linked (-ldflags "-X main.version=1.2.3").
var version string

type versionCmd struct{}

// Run prints the version, and what it was built with.
func (versionCmd) Run(a *app) error {
	v := version
	if info, ok := debug.ReadBuildInfo(); ok {
		v = cmp.Or(v, info.Main.Version)
	}
	fmt.Fprintf(a.Stdout, "purity %s (%s %s/%s)\n", cmp.Or(v, "(devel)"), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}
