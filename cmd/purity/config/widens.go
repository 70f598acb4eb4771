package config

import (
	"cmp"
	"fmt"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/host"
)

// Widens lists the grants of a file beyond the policy of a level, each with its line;
// nothing for one that only narrows it.
func (f *File) Widens(base host.Level) []string {
	var wider []string
	say := func(key string, element int, what string) {
		wider = append(wider, fmt.Sprintf("%s (%s)", what, f.Line(key, element)))
	}
	s := f.Settings
	if level, ok := host.FindLevel(s.Level); ok && level.Wider {
		say("level", -1, "level "+s.Level)
	}
	if n := s.Network; n != nil && !base.Network && (n.Any || n.UDP || len(n.Connect)+len(n.Bind) > 0) {
		say("network", -1, "network "+n.written())
	}
	list := func(key string, values []string) {
		for i, value := range values {
			what := key + " " + value
			if preset, ok := host.FindPreset(value); ok && key == "presets" {
				what = "preset " + value + ": " + preset.Opens
			}
			say(key, i, what)
		}
	}
	for _, k := range PathKeys {
		list(k.Key, k.In(s))
	}
	list("presets", s.Presets)
	list("env.keep", s.Keep)
	list("capabilities", s.Capabilities)
	for i, name := range s.NoShim {
		say("shims.remove", i, "no shim for "+name+", which then runs unconfined")
	}
	if s.Mode != "" && s.Mode != "enforce" {
		say("mode", -1, "mode "+s.Mode+", which denies nothing")
	}
	for i, e := range f.Exceptions {
		say("exception", i, "exception: "+cmp.Or(e.Access, "any access")+" "+e.Path)
	}
	f.unguards(base, say)
	return wider
}

// unguards says which walls of a level a file takes down.
func (f *File) unguards(base host.Level, say func(key string, element int, what string)) {
	s := f.Settings
	if s.Home != "" && s.Home != "none" && (s.Home != "private" || !base.Home) {
		say("home", -1, "home "+s.Home)
	}
	if s.View == "false" && base.Hides { // in which git's hooks and flake.nix are read-only
		say("view", -1, "no view")
	}
	if Is(s.UserNamespaces, false) {
		say("user-namespaces", -1, "new user namespaces")
	}
	if !Is(s.Seccomp, true) {
		say("seccomp", -1, "no system call filter")
	}
	if Is(s.BestEffort, false) {
		say("best-effort", -1, "best effort")
	}
	if Is(s.AllowUnenforced, false) {
		say("allow-unenforced", -1, "no confinement where the kernel has none")
	}
	if s.MinABI != nil && *s.MinABI < enforce.DefaultABI {
		say("min-abi", -1, fmt.Sprintf("Landlock ABI %d", *s.MinABI))
	}
	if !Is(s.ReportChanges, true) {
		say("report-changes", -1, "no report of changed files")
	}
}
