package inputs

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/nix-purity/purity/closure/hostile"
)

// configuration adds the nix.conf files that Nix reads and their includes
// (src/libstore/globals.cc, loadConfFile; src/libutil/config.cc, applyConfig).
func (k *keyer) configuration(environ []string) error {
	for _, file := range configFiles(environ) {
		if err := k.configFile(file, 0); err != nil {
			return err
		}
	}
	return nil
}

func configFiles(environ []string) []string {
	home := lookup(environ, "HOME")
	files := []string{filepath.Join(cmp.Or(lookup(environ, "NIX_CONF_DIR"), "/etc/nix"), "nix.conf")}
	if user := lookup(environ, "NIX_USER_CONF_FILES"); user != "" {
		return append(files, strings.Split(user, ":")...)
	}
	dirs := []string{cmp.Or(lookup(environ, "NIX_CONFIG_HOME"), filepath.Join(cmp.Or(lookup(environ, "XDG_CONFIG_HOME"), filepath.Join(home, ".config")), "nix"))}
	for dir := range strings.SplitSeq(cmp.Or(lookup(environ, "XDG_CONFIG_DIRS"), "/etc/xdg"), ":") {
		dirs = append(dirs, filepath.Join(dir, "nix"))
	}
	for _, dir := range dirs {
		files = append(files, filepath.Join(dir, "nix.conf"))
	}
	return files
}

// maxIncludes is how deep includes may be; Nix itself has no limit but its stack.
const maxIncludes = 20

func (k *keyer) configFile(file string, depth int) error {
	k.saw(file)
	data, err := hostile.ReadFile(file, maxConfig)
	if err != nil { // Nix reads on without a file that it cannot read
		k.strings(file, fmt.Sprint(errors.Is(err, fs.ErrNotExist)))
		return nil
	}
	if depth > maxIncludes {
		return uncacheable("%s: includes are nested more than %d deep", file, maxIncludes)
	}
	k.strings(file, string(data))
	for line := range strings.Lines(string(data)) {
		line, _, _ := strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 2 && (words[0] == "include" || words[0] == "!include") {
			if err := k.configFile(included(file, words[1]), depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// storeDir is the store directory of an environment
// (src/libstore/globals.cc).
func storeDir(environ []string) string {
	return filepath.Clean(cmp.Or(lookup(environ, "NIX_STORE_DIR"), lookup(environ, "NIX_STORE"), "/nix/store"))
}

func lookup(environ []string, name string) string {
	for i := len(environ) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(environ[i], name+"="); ok {
			return value
		}
	}
	return ""
}
