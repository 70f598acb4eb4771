package host

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nix-purity/purity/enforce"
)

func TestExpand(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"one.csv", "two.csv", "st*r"} {
		must(t, os.WriteFile(filepath.Join(dir, name), nil, 0o644))
	}
	p := Paths{Dir: dir, Home: "/home/me", Getenv: func(name string) string { return map[string]string{"X": "/x", "D": dir}[name] }}
	for _, tt := range []struct {
		pattern string
		want    []string
		fault   string
	}{
		{"~", []string{"/home/me"}, ""},
		{"~/.ssh", []string{"/home/me/.ssh"}, ""},
		{"~other", []string{dir + "/~other"}, ""},
		{"a/../b", []string{dir + "/b"}, ""},
		{"$X/${X}", []string{"/x/x"}, ""},
		{"$Y/x", nil, "$Y is not set"},
		{"", nil, "no path"},
		{"*.csv", []string{dir + "/one.csv", dir + "/two.csv"}, ""},
		{"$D/**/o*.csv", []string{dir + "/one.csv"}, ""},
		{"st*r", []string{dir + "/st*r"}, ""},
		{"*.nothing", nil, "file does not exist"},
		{"/absent", []string{"/absent"}, ""},
	} {
		got, err := p.Expand(tt.pattern)
		if diff := cmp.Diff(tt.want, got); diff != "" || err == nil && tt.fault != "" || err != nil && err.Error() != tt.fault {
			t.Errorf("%q: %v %s", tt.pattern, err, diff)
		}
	}
	if _, err := p.Expand("*.nothing"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no match is %v", err)
	}
}

// Whatever a file is called, its literal means it alone.
func TestLiteral(t *testing.T) {
	dir := t.TempDir()
	p := Paths{Dir: "/", Home: dir, Getenv: func(string) string { return "" }}
	names := []string{"plain", "$HOME", "${HOME}", "end$", "*", "a?b", "[x]", "]", "{a,b}", `back\slash`, `\*`, "bad\xff\xfe", "~", "new\nline", "#"}
	for _, name := range append(names, "aXb", "x", "a", "b", "badXX") {
		must(t, os.WriteFile(filepath.Join(dir, name), nil, 0o644))
	}
	for _, name := range names {
		path := filepath.Join(dir, name)
		found, err := p.Expand(Literal(path))
		if name == "bad\xff\xfe" && len(found) > 1 {
			found = slices.DeleteFunc(found, func(f string) bool { return f == filepath.Join(dir, "badXX") })
		}
		if err != nil || len(found) != 1 || found[0] != path {
			t.Errorf("%q is %q and means %q, %v", name, Literal(path), found, err)
		}
		if !p.Within(Literal(path), path) || !Valid(Literal(path)) {
			t.Errorf("%q does not match %q", Literal(path), path)
		}
	}
}

// No level and no preset opens a path that would make the rest moot.
func TestTables(t *testing.T) {
	paths := Paths{Dir: "/", Home: "/home/me", Getenv: func(name string) string {
		return map[string]string{"XDG_RUNTIME_DIR": "/run/user/1000", "XDG_CONFIG_HOME": "/home/me/.config", "SSH_AUTH_SOCK": "/run/user/1000/agent", "WAYLAND_DISPLAY": "wayland-0", "XAUTHORITY": "/home/me/.Xauthority"}[name]
	}}
	never := []string{"/", "/home", "/home/me", "/etc", "/usr", "/usr/bin", "/bin", "/usr/lib", "/lib", "/var/tmp", "/run", "/run/user/1000", "/sys", "/dev", "/var", "/nix", "/root", "/home/me/.ssh"}
	check := func(of string, grants []enforce.Grant, executes bool) {
		for _, g := range grants {
			for _, path := range never {
				if g.Path == path && (path != "/dev" || g.Access != enforce.List) {
					t.Errorf("%s grants %s", of, path)
				}
			}
			if slices.Contains(Shared, g.Path) && g.Access != node {
				t.Errorf("%s grants %s with %v", of, g.Path, g.Access)
			}
			if g.Access&enforce.Execute != 0 && !executes {
				t.Errorf("%s lets %s be executed", of, g.Path)
			}
			if !g.Optional {
				t.Errorf("%s takes for granted that there is %s", of, g.Path)
			}
			if g.Reason == "" || !filepath.IsAbs(g.Path) {
				t.Errorf("%s has %+v", of, g)
			}
		}
	}
	for _, l := range Levels {
		grants, err := l.Grants()
		must(t, err)
		if l.Summary == "" {
			t.Errorf("level %s has no summary", l.Name)
		}
		if l.all {
			for _, g := range grants {
				if g.Access != enforce.Read && strings.HasPrefix(g.Reason, "level") {
					t.Errorf("level %s lets %s be more than read", l.Name, g.Path)
				}
			}
			continue
		}
		check("level "+l.Name, grants, false)
	}
	for _, p := range Presets {
		grants, _ := p.Grants(paths)
		check("preset "+p.Name, grants, false)
		if p.Opens == "" || len(grants) == 0 && len(p.links) == 0 && !p.SysVIPC {
			t.Errorf("preset %s opens nothing", p.Name)
		}
	}
	if _, ok := FindLevel(DefaultLevel); !ok {
		t.Error("the default level does not exist")
	}
}

// A shared directory that holds files which commands must not write stays closed, whatever links
// lead there, and temporary directories of purity lie in none.
func TestOpen(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	must(t, os.Symlink("/dev/shm", link))
	for _, tt := range []struct{ kept, want []string }{
		{nil, Shared},
		{[]string{"", "/home/me", "/tmpfs", "relative"}, Shared},
		{[]string{"/home/me", "/tmp/me/.cache/purity"}, []string{"/dev/shm", "/dev/mqueue"}},
		{[]string{"/tmp"}, []string{"/dev/shm", "/dev/mqueue"}},
		{[]string{link + "/home"}, []string{"/tmp", "/dev/mqueue"}},
		{[]string{"/tmp/a", "/dev/shm/b"}, []string{"/dev/mqueue"}},
	} {
		if got := Open(tt.kept...); !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, want %q", tt.kept, got, tt.want)
		}
	}
	for tmpdir, want := range map[string][]string{"/tmp": {"/var/tmp"}, "/dev/shm/x": {"/var/tmp"}, "x": {"/var/tmp"}, link: {"/var/tmp"}, "/home": {"/home", "/var/tmp"}} {
		t.Setenv("TMPDIR", tmpdir)
		if got := TempDirs(); !slices.Equal(got, want) {
			t.Errorf("TMPDIR=%s: %q, want %q", tmpdir, got, want)
		}
	}
}

// The path in a data variable is data: neither the home directory nor the root.
func TestData(t *testing.T) {
	paths := Paths{Home: "/home/me", Getenv: func(name string) string {
		return map[string]string{"TERMINFO_DIRS": "/a:/home:/:relative::/home/me:/home/me/t", "SSL_CERT_FILE": "/c"}[name]
	}}
	var got []string
	for _, g := range Data(paths) {
		got = append(got, g.Path)
		if g.Access != enforce.Read {
			t.Errorf("%s: %v", g.Path, g.Access)
		}
	}
	if diff := cmp.Diff([]string{"/a", "/home/me/t", "/c"}, got); diff != "" {
		t.Error(diff)
	}
}

// Sockets that are there are found, files of the name are not.
func TestSockets(t *testing.T) {
	dir := t.TempDir()
	listener, err := net.Listen("unix", dir+"/bus")
	must(t, err)
	defer listener.Close()
	must(t, os.WriteFile(dir+"/pipewire-0", nil, 0o644))
	var got []string
	for _, s := range Sockets(Paths{Getenv: func(name string) string { return map[string]string{"XDG_RUNTIME_DIR": dir}[name] }}) {
		if strings.HasPrefix(s.Sockets[0], dir) {
			got = append(got, s.Name)
		}
	}
	if diff := cmp.Diff([]string{"D-Bus of the session"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestIsDaemon(t *testing.T) {
	words := func(s string) (w [][]byte) {
		for word := range strings.FieldsSeq(s) {
			w = append(w, []byte(word))
		}
		return w
	}
	for line, want := range map[string]string{
		"/usr/bin/java -Xmx1g org.gradle.launcher.daemon.bootstrap.GradleDaemon 8": "org.gradle.launcher.daemon",
		"/opt/sccache --start": "sccache",
		"vim sccache.c":        "",
		"grep watchman":        "",
	} {
		got := ""
		for _, d := range daemons {
			if isDaemon(words(line), d.words) {
				got = d.words
			}
		}
		if got != want {
			t.Errorf("%s is %q, want %q", line, got, want)
		}
	}
}
