package inputs

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/nix-purity/purity/closure/hostile"
)

// Setting is the value that Nix's configuration gives a name, empty for none: the nix.conf
// files, of which the user's first one counts most, and then NIX_CONFIG
// (src/libstore/globals.cc, loadConfFile). It leaves out files that Nix cannot read.
func Setting(environ []string, name string) (value string) {
	files := configFiles(environ)
	slices.Reverse(files[1:])
	for _, file := range files {
		if data, err := hostile.ReadFile(file, maxConfig); err == nil {
			value = settingIn(string(data), name, value, file, 0)
		}
	}
	return settingIn(lookup(environ, "NIX_CONFIG"), name, value, "", 0)
}

// settingIn is the value of a name in the text of a file and in its includes, or else the one
// before it.
func settingIn(text, name, value, file string, depth int) string {
	for line := range strings.Lines(text) {
		line, _, _ := strings.Cut(line, "#")
		words := strings.Fields(line)
		switch {
		case len(words) == 2 && (words[0] == "include" || words[0] == "!include") && file != "" && depth < maxIncludes:
			path := included(file, words[1])
			if data, err := hostile.ReadFile(path, maxConfig); err == nil {
				value = settingIn(string(data), name, value, path, depth+1)
			}
		case len(words) >= 2 && words[0] == name && words[1] == "=":
			value = strings.Join(words[2:], " ")
		}
	}
	return value
}

// included is the file that a line of another one includes.
func included(file, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(file), name)
}
