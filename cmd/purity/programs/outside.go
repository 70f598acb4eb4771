package programs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/nix-purity/purity/cmd/purity/caller"
	"github.com/nix-purity/purity/cmd/purity/words"
	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/nixeval"
)

// loadsEnvrc reports whether a bash with args was started by direnv, to load an
// .envrc: direnv takes the bash in PATH, and allows files by its own list. Nothing inside
// a confinement gets here.
func loadsEnvrc(args []string) bool {
	parent, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", os.Getppid()))
	program := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(parent), "."), "-wrapped") // as nixpkgs wraps
	return err == nil && program == "direnv" && len(args) == 2 && args[0] == "-c" && strings.Contains(args[1], "__main__")
}

// runOutside replaces purity by a program of that name as if there were no shims.
func runOutside(environ []string, name string, args []string) error {
	file := nixeval.Find(name, os.Getenv("PATH"))
	if file == "" {
		return &words.AbsentError{Name: name, Source: "this machine"}
	}
	defer caller.Unmask()()
	return &enforce.ExecError{Path: file, Err: syscall.Exec(file, append([]string{name}, args...), environ)}
}
