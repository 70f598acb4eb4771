package nixeval

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Nix's words for a chroot store are read as Nix reads them.
func TestRootOf(t *testing.T) {
	for _, c := range []struct{ environ, want string }{
		{"NIX_STORE_DIR=/s", ""},
		{"NIX_REMOTE=daemon", ""},
		{"NIX_REMOTE=/srv/store/", "/srv/store"},
		{"NIX_REMOTE=local?root=/srv/a%20b", "/srv/a b"},
		{"NIX_REMOTE=local?root=x", ""},
		{"NIX_REMOTE=ssh://host", ""},
		{"NIX_REMOTE=/srv/store|NIX_CONFIG=cores = 1;store = /other;x = y", "/other"},
		{"NIX_REMOTE=/srv/store|NIX_CONFIG=store = daemon", ""},
		{"NIX_REMOTE=auto|NIX_STATE_DIR=/s", ""},
	} {
		environ := strings.Split(strings.ReplaceAll(c.environ, ";", "\n"), "|")
		if got := RootOf(environ); got != c.want {
			t.Errorf("%s: %q, want %q", c.environ, got, c.want)
		}
	}
	conf := t.TempDir()
	for name, text := range map[string]string{"nix.conf": "store = /system # or\ninclude more\n", "more": "cores = 1\nstore = /included\n", "first": "store = /first\n", "second": "store = /second\n"} {
		if err := os.WriteFile(filepath.Join(conf, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for users, want := range map[string]string{"none": "/included", "first:second": "/first", "none:second": "/second"} {
		environ := []string{"NIX_CONF_DIR=" + conf, "NIX_REMOTE=daemon", "NIX_USER_CONF_FILES=" + conf + "/" + strings.ReplaceAll(users, ":", ":"+conf+"/")}
		if got := RootOf(environ); got != want {
			t.Errorf("%s: %q, want %q", users, got, want)
		}
		if got := RootOf(append(environ, "NIX_CONFIG=store = daemon")); got != "" {
			t.Errorf("%s: %q in spite of NIX_CONFIG", users, got)
		}
	}
	home := t.TempDir()
	own := filepath.Join(home, ".local", "share", "nix", "root")
	if RootOf([]string{"HOME=" + home}) != "" {
		t.Error("a store that is not there is used")
	}
	if err := os.MkdirAll(own, 0o755); err != nil {
		t.Fatal(err)
	}
	want := own
	if os.Geteuid() == 0 || exists("/nix/var/nix") { // who has another store
		want = ""
	}
	if got := RootOf([]string{"HOME=" + home}); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for _, dir := range []string{"/a?b", "a", "/a\nb", "/a ", "/a  b", "/a\tb", "/a\rb"} {
		if CheckRoot(dir) == nil {
			t.Errorf("%q is the root of a store", dir)
		}
	}
	if err := CheckRoot("/a b"); err != nil {
		t.Error(err)
	}
	if HasStore(home) == nil || HasStore(filepath.Join(home, "absent")) == nil {
		t.Error("a directory without a store has one")
	}
	if err := os.MkdirAll(filepath.Join(home, "nix", "store"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := HasStore(home); err != nil {
		t.Error(err)
	}
	n := Nix{Environ: []string{"NIX_CONFIG=store = /x"}, Root: "/srv/store"}
	if config := lookup(n.environ(), "NIX_CONFIG"); RootOf([]string{"NIX_CONFIG=" + config}) != "/srv/store" {
		t.Errorf("NIX_CONFIG is %q", config)
	}
}
