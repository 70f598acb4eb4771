package span

import (
	"fmt"
	"testing"

	"github.com/nix-purity/purity/cmd/purity/secret"
)

// A directory stands for files where a person would grant it: with a few files where all
// is of one kind, with many elsewhere, and never with a secret in it.
func TestOf(t *testing.T) {
	secrets := secret.Finder{Home: "/people/me"}
	several := func(format string, n int) (paths []string) {
		for i := range n {
			paths = append(paths, fmt.Sprintf(format, i))
		}
		return paths
	}
	for _, tt := range []struct {
		paths []string
		want  string // for the first path
	}{
		{several("/usr/include/%d.h", 1), "/usr/include/0.h"},
		{several("/usr/include/%d.h", 2), "/usr/include"},
		{[]string{"/usr/include/x86_64-linux-gnu/bits/a.h", "/usr/include/b.h"}, "/usr/include"},
		{[]string{"/usr/lib/gcc/x86_64-linux-gnu/12/crtbegin.o", "/usr/lib/gcc/x86_64-linux-gnu/12/include/stddef.h"}, "/usr/lib/gcc"},
		{[]string{"/usr/lib/a.so", "/usr/lib/b.so"}, "/usr/lib/a.so"},
		{[]string{"/usr/share/a/x", "/usr/share/b/x"}, "/usr/share/a/x"},
		{several("/usr/bin/%d", 8), "/usr/bin/0"},
		{several("/etc/ssl/certs/%d.pem", 2), "/etc/ssl/certs"}, // there are keys beside it
		{several("/etc/%d", 20), "/etc/0"},
		{several("/people/me/%d", 20), "/people/me/0"},
		{several("/people/me/notes/%d", 8), "/people/me/notes/0"},
		{several("/people/me/notes/%d", 9), "/people/me/notes"},
		{several("/people/me/.config/tool/%d", 2), "/people/me/.config/tool"},
		{several("/people/me/.config/gh/%d", 20), "/people/me/.config/gh/0"},
		{several("/tmp/%d", 20), "/tmp/0"},
	} {
		if got := Files(secrets, tt.paths).Of(tt.paths[0]); got != tt.want {
			t.Errorf("%d like %s: %s, want %s", len(tt.paths), tt.paths[0], got, tt.want)
		}
	}
	for _, tt := range []struct{ one, other, want string }{
		{"/usr/lib/gcc/x86_64-linux-gnu/12/cc1", "/usr/lib/gcc/x86_64-linux-gnu/12/collect2", "/usr/lib/gcc"},
		{"/usr/bin/as", "/usr/bin/ld", "/usr/bin/as"},
		{"/etc/x/run", "/etc/x/walk", "/etc/x/run"},
	} {
		if got := Programs(secrets, []string{tt.one, tt.other}).Of(tt.one); got != tt.want {
			t.Errorf("program %s: %s, want %s", tt.one, got, tt.want)
		}
	}
}
