package words

import (
	"os"
	"path/filepath"

	"github.com/nix-purity/purity/cmd/purity/shell"
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
