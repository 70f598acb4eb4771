package host

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A service is named once, however many sockets it has.
func TestSocketsOfOneService(t *testing.T) {
	home := t.TempDir()
	for _, socket := range []string{"run/gnupg/S.gpg-agent", ".gnupg/S.gpg-agent"} {
		file := filepath.Join(home, socket)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		listener, err := net.Listen("unix", file)
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
	}
	variables := map[string]string{"XDG_RUNTIME_DIR": filepath.Join(home, "run")}
	var got []string
	for _, s := range Sockets(Paths{Dir: "/", Home: home, Getenv: func(name string) string { return variables[name] }}) {
		if s.Name == "gpg-agent" {
			got = append(got, strings.Join(s.Sockets, ", "))
		}
	}
	if want := home + "/run/gnupg/S.gpg-agent, " + home + "/.gnupg/S.gpg-agent"; len(got) != 1 || got[0] != want {
		t.Errorf("%q, want %s", got, want)
	}
}
