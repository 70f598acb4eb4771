package words

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/nix-purity/purity/cmd/purity/shell"
	"github.com/nix-purity/purity/enforce"
)

// nixHint is the remedy where PATH has no program of Nix: the directory of one, if Nix is at a
// usual place.
func nixHint(program string) string {
	places := []string{"/nix/var/nix/profiles/default/bin", "/run/current-system/sw/bin"}
	if home := os.Getenv("HOME"); home != "" {
		places = append([]string{filepath.Join(home, ".nix-profile/bin")}, places...)
	}
	for _, dir := range places {
		if info, err := os.Stat(filepath.Join(dir, program)); err != nil || !info.Mode().IsRegular() {
			continue
		}
		path := ":/usr/bin:/bin" // an empty entry would be the working directory
		if os.Getenv("PATH") != "" {
			path = `:"$PATH"`
		}
		return "PATH has no Nix, and this machine has one:  export PATH=" + shell.Quote(dir) + path
	}
	return "install Nix (https://nixos.org/download), or on Debian: apt-get install nix-bin"
}

// drivers are the programs of Nix that build and run packages.
var drivers = []string{"nix", "nix-shell", "nix-build", "nix-env", "nix-store"}

// Driver returns the program of Nix that a command asks for: by its own name, by the first word
// of an argument such as that of sh -c, or by a script's first line. It is empty for none. An
// argument of one word can be anything, as in make nix.
func Driver(command []string) string {
	const most = 20 // a file takes a moment
	for i, arg := range command[:min(len(command), most)] {
		line := strings.Fields(arg)
		if len(line) == 0 {
			continue
		}
		named := firstLine(line[0])
		if i == 0 || len(line) > 1 || command[i-1] == "-c" {
			named = append(named, line[0])
		}
		for _, word := range named {
			if name := filepath.Base(word); slices.Contains(drivers, name) {
				return name
			}
		}
	}
	return ""
}

// Undriven is the remedy for a command that asks for a program of Nix which its environment lacks.
func Undriven(name string) string {
	return "declare the packages in the dev shell, or run " + name + " outside purity; inside it needs presets = [\"nix-daemon\"] and a package with bin/" + name + ", and runs nothing outside the closure"
}

// unwritable reports whether the user cannot write purity's cache. A confined process cannot
// either, and nobody should then look for another place.
func unwritable(err error) bool {
	var at *fs.PathError
	cache, none := os.UserCacheDir()
	if none != nil || enforce.Confined() || !errors.As(err, &at) || !errors.Is(at, fs.ErrPermission) && !errors.Is(at, syscall.EROFS) {
		return false
	}
	return enforce.Inside(at.Path, cache) || enforce.Inside(cache, at.Path)
}
