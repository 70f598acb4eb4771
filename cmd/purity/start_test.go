package main

import (
	"go/token"
	"testing"
)

// starting are the source files that start or become a program, each with the guard that
// keeps it from being a program of a command.
var starting = map[string]string{
	"cmd/purity/launch/active.go":            "becomes a program inside a confinement",
	"cmd/purity/packages/tool.go":            "package managers and nix-index by fixed directories, with a built environment, in /",
	"cmd/purity/programs/outside.go":         "the user's own bash, which direnv has started",
	"cmd/purity/walls/ask_linux.go":          "what hooked.go, git.go and ratchet.go have made",
	"cmd/purity/walls/ask_other.go":          "the same where nothing is confined",
	"cmd/purity/walls/git.go":                "git, the one place where it is started",
	"cmd/purity/programs/hooked.go":          "purity itself, to run a shellHook confined",
	"cmd/purity/launch/job.go":               "becomes the command: what an ENOEXEC leaves to a shell, in the confinement",
	"cmd/purity/walls/walls.go":              "Nix, behind the walls",
	"cmd/purity/screen/pager.go":             "the user's own pager, which no dev shell has set",
	"cmd/purity/outcome/ratchet.go":          "purity itself as git",
	"cmd/purity/programs/renew.go":           "purity itself, to renew shims",
	"cmd/purity/watch/watch_linux.go":        "purity itself, to answer for a watcher that has ended",
	"cmd/purity/watch/watch.go":              "purity itself, to become the command",
	"enforce/exec_linux.go":                  "becomes the command, confined",
	"enforce/outside/start_linux.go":         "behind a wall",
	"enforce/outside/start_other.go":         "there is no wall on other systems, and no confinement",
	"enforce/selftest/across_nix_linux.go":   "the user's own Nix, for its version",
	"enforce/selftest/across_scene_linux.go": "what the user runs in a scene of its own",
	"enforce/selftest/world_linux.go":        "purity itself, as the attacker",
	"enforce/view/refusal_linux.go":          "purity itself, to see whether there can be a view",
	"enforce/view/start_linux.go":            "purity itself, as the init of a view",
	"nixeval/nix.go":                         "Nix, the one place where it is started",
}

// purity starts programs in few places. Each has a guard against programs of a command or a clone.
func TestStarting(t *testing.T) {
	starts := map[string]bool{
		"exec.Command": true, "exec.CommandContext": true, "exec.Cmd": true, "os.StartProcess": true, "syscall.Exec": true, "unix.Exec": true, "syscall.ForkExec": true,
	}
	found := map[string]bool{}
	calls(t, func(file, call string, at token.Position) {
		if !starts[call] {
			return
		}
		found[file] = true
		if starting[file] == "" {
			t.Errorf("%s: %s; say in the table what keeps it from running a command's program", at, call)
		}
	})
	for file := range starting {
		if !found[file] {
			t.Errorf("%s starts nothing any more: take its row out", file)
		}
	}
}
