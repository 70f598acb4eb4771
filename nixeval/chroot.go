package nixeval

import (
	"cmp"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/nix-purity/purity/closure"
	"github.com/nix-purity/purity/nixeval/inputs"
)

// Store is the store that Nix uses.
func (n Nix) Store() closure.Store { return closure.Store{Dir: n.StoreDir(), Root: n.Root} }

// CheckRoot is an error where a directory cannot be the root of a chroot store, because
// Nix would read its name otherwise.
func CheckRoot(dir string) error {
	if !filepath.IsAbs(dir) || strings.ContainsAny(dir, "?#%&\n") {
		return errors.New("not an absolute path without ? # % & and line breaks")
	}
	if strings.Join(strings.Fields(dir), " ") != dir { // Nix makes one space of all between words (config.cc, tokenizeString)
		return errors.New("not a path in which spaces stand alone and between words")
	}
	return nil
}

// HasStore is an error where a directory has no store in it. Nix would make an empty one there,
// also in a directory whose name has a slip.
func HasStore(root string) error {
	info, err := os.Stat(closure.Store{Root: root}.Real())
	switch {
	case err == nil && !info.IsDir():
		return errors.New("nix/store in it is no directory")
	case err == nil:
		return nil
	case !exists(root):
		return errors.New("there is no such directory")
	case errors.Is(err, os.ErrNotExist):
		return errors.New("it has no store (nix/store)")
	}
	return err
}

// RootOf is the directory of the chroot store that Nix uses in an environment, empty for
// none: its configuration and NIX_REMOTE say so, or Nix falls back to that of a user who has
// no other store (src/libstore/store-api.cc, openFromNonUri; since Nix 2.10).
func RootOf(environ []string) string {
	said := cmp.Or(inputs.Setting(environ, "store"), lookup(environ, "NIX_REMOTE"))
	switch {
	case strings.HasPrefix(said, "/"):
		return filepath.Clean(said)
	case strings.HasPrefix(said, "local?"):
		query, err := url.ParseQuery(strings.TrimPrefix(said, "local?"))
		if root := query.Get("root"); err == nil && filepath.IsAbs(root) {
			return filepath.Clean(root)
		}
	case said == "" || said == "auto":
		return ownRoot(environ)
	}
	return ""
}

// ownRoot is the chroot store of a user where there is no store besides.
func ownRoot(environ []string) string {
	for _, name := range []string{"NIX_STORE_DIR", "NIX_STATE_DIR"} {
		if lookup(environ, name) != "" {
			return ""
		}
	}
	if os.Geteuid() == 0 || exists("/nix/var/nix") {
		return ""
	}
	data := lookup(environ, "XDG_DATA_HOME")
	if data == "" {
		data = filepath.Join(lookup(environ, "HOME"), ".local", "share")
	}
	if root := filepath.Join(data, "nix", "root"); filepath.IsAbs(root) && exists(root) {
		return root
	}
	return ""
}
