package caller

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// maxAncestors is how far up purity looks for a shell outside the dev shell.
const maxAncestors = 64

// outsideVariables are the variables, NAME=value, that processes above this one were
// started with, outside any dev shell: they are the user's own. `nix develop` itself is
// started so, with NIX_GCROOT, and its bash reads the variables of the environment
// later.
func outsideVariables() map[string]bool {
	found := map[string]bool{}
	pid := os.Getppid()
	for range maxAncestors {
		environ := EnvironOf(pid)
		inside := slices.ContainsFunc(environ, func(v string) bool { return inDevShell(v) && !strings.HasPrefix(v, "NIX_GCROOT=") })
		for _, v := range environ {
			if !inside {
				found[v] = true
			}
		}
		if pid = parentOf(pid); pid <= 1 {
			break
		}
	}
	return found
}

// EnvironOf is the environment that a process was started with, nil if that cannot be
// told (proc_pid_environ(5)).
func EnvironOf(pid int) []string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimRight(string(data), "\x00"), "\x00")
}

// parentOf is the parent of a process, 0 if that cannot be told. It is the second field
// after the name, which can have any letters (proc_pid_stat(5)).
func parentOf(pid int) int {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	if len(fields) < 2 {
		return 0
	}
	parent, err := strconv.Atoi(fields[1])
	if err != nil {
		return 0
	}
	return parent
}
