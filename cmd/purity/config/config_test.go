package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/nix-purity/purity/enforce/host"
)

// The levels that settings are compared with.
var (
	dev, _    = host.FindLevel("dev")
	narrow, _ = host.FindLevel("nix")
)

func parse(t *testing.T, text string) *File {
	t.Helper()
	f, err := Parse("/project/purity.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// every has every key, so that none can be forgotten anywhere.
const every = `
level = "open"
read = ["~/a", "/b"]
write = ["w"]
exec = ["x"]
devices = ["/dev/kvm"]
presets = ["git", "shm"]
home = "none"
network = { connect = [443, 80], bind = [8080], udp = true }
sockets = ["/s"]
strict-paths = true
mode = "warn"
explain = "files"
capabilities = ["chown", "CAP_FOWNER"]
user-namespaces = true
view = "auto"
project = "overlay"
seccomp = false
min-abi = 2
best-effort = true
allow-unenforced = true
report-changes = false
announce = false
shims.add = ["cat"]
shims.remove = ["jq"]

[env]
keep = ["K"]
set = { B = "2", A = "1" }
unset = ["U"]
`

func TestParse(t *testing.T) {
	yes, no, two := true, false, 2
	want := Settings{
		Level: "open", Read: []string{"~/a", "/b"}, Write: []string{"w"}, Exec: []string{"x"}, Devices: []string{"/dev/kvm"},
		Presets: []string{"git", "shm"}, Home: "none", Network: &Network{Connect: []uint16{443, 80}, Bind: []uint16{8080}, UDP: true},
		Sockets: Sockets{"/s"}, Keep: []string{"K"}, Set: []string{"A=1", "B=2"}, Unset: []string{"U"},
		Mode: "warn", View: "auto", ProjectAs: "overlay", Explain: "files", StrictPaths: &yes, Capabilities: []string{"chown", "CAP_FOWNER"}, UserNamespaces: &yes, Seccomp: &no, MinABI: &two,
		BestEffort: &yes, AllowUnenforced: &yes, ReportChanges: &no, Announce: &no, Shim: []string{"cat"}, NoShim: []string{"jq"},
	}
	f := parse(t, every)
	if diff := cmp.Diff(want, f.Settings); diff != "" {
		t.Error(diff)
	}
	for i, value := range reflect.ValueOf(f.Settings).Fields() {
		if value.IsZero() {
			t.Errorf("the test says nothing of %s", i.Name)
		}
	}
	for text, want := range map[string]Network{
		"network = true":                            {Any: true},
		"network = false":                           {},
		"[network]\nconnect = [1]":                  {Connect: []uint16{1}},
		"network.connect = [1]\nnetwork.udp = true": {Connect: []uint16{1}, UDP: true},
		"network = { bind = [ 65535 ] }":            {Bind: []uint16{65535}},
		"network = { bind = [ 0 ] }":                {Bind: []uint16{0}},
	} {
		if diff := cmp.Diff(&want, parse(t, text).Settings.Network); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	if !parse(t, `sockets = "none"`).Settings.Sockets.None() {
		t.Error("no sockets are some")
	}
}

// A fault has its place, and the word that was meant.
func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		text         string
		line, column int
		want         string
		nearest      string
	}{
		{"netwrok = true", 1, 1, `unknown key "netwrok"`, "network"},
		{"\n[env]\nkeeep = []", 3, 1, `unknown key "env.keeep"`, "env.keep"},
		{"[enviroment]", 1, 2, `unknown key "enviroment"`, "env.set"},
		{"network = { conect = [1] }", 1, 13, `unknown key "network.conect"`, "network.connect"},
		{"level = 3", 1, 1, "level: want a string", ""},
		{"level = 'dve'", 1, 1, `there is no level "dve" (there are nix, dev, open)`, "dev"},
		{"presets = [\n 'git',\n 'waylnd' ]", 3, 2, `there is no preset "waylnd"`, "wayland"},
		{"read = 'x'", 1, 1, "read: want a list of strings", ""},
		{"read = [1]", 1, 1, "read: want a list of strings, and 1 is none", ""},
		{"seccomp = 'no'", 1, 1, "seccomp: want true or false", ""},
		{"network = true\nview = false\nproject = 'overlay'", 2, 1, "view: an overlay of the project needs a view", ""},
		{"view = true\nlevel = 'open'", 1, 1, "view: level open shows the host, which a view hides", ""},
		{"network = 'no'", 1, 1, "network: want true, false, or a table", ""},
		{"network = { connect = [0] }", 1, 1, "network: 0 is not a port", ""},
		{"sockets = 'all'", 1, 1, `sockets: want a list of paths, or "none"`, ""},
		{"sockets = ['none']", 1, 1, "sockets: none is not a path", ""},
		{"capabilities = ['chown', 'everything']", 1, 26, `there is no capability "everything"`, ""},
		{"min-abi = 0", 1, 1, "0 is not a version of Landlock", ""},
		{"env = 1", 1, 1, "env: want a table", ""},
		{"[env]\nset = { A = 1 }", 2, 1, "env.set: A: want a string", ""},
		{"[[exception]]\npath = '/x'", 1, 3, "exception[0]: /x needs a reason", ""},
		{"[[exception]]\npath = '/x'\nreason = ' \t'", 1, 3, "exception[0]: /x needs a reason", ""},
		{"[[exception]]\npath = '/x'\n[[exception]]\npath = '/y'\nreason = 'r'\n[[exception]]\npath = '/z'\nreason = ''", 1, 3, "/x needs a reason, and so do purity.toml:6 /z", ""},
		{"[[exception]]\npath = '/x'\nreason = 5", 1, 3, "reason: want a string", ""},
		{"[[exception]]\npath = ['/x']\nreason = 'r'", 1, 3, "path: want a string", ""},
		{"[[exception]]\npath = '/[x'\nreason = 'r'", 1, 3, "path: /[x is no pattern", ""},
		{"[[exception]]\npath = '/x'\nreason = 2026-01-01", 1, 3, "reason: want a string", ""},
		{"[[exception]]\npath = '/x'\nreason = 'r'\n[[exception]]\nreason = 'r'", 4, 3, "it has no path", ""},
		{"[[exception]]\npath = '/x'\nreason = 'r'\nuntil = 'soon'", 1, 3, "want a day", ""},
		{"[[exception]]\npath = '/x'\nreason = 'r'\naccess = 'look'", 1, 3, "want read, write, execute", ""},
		{"[[exception]]\npth = '/x'", 2, 1, `unknown key "exception.pth"`, "exception.path"},
		{"exception = 1", 1, 1, "want [[exception]] tables", ""},
		{"level = 'dev'\nlevel = 'nix'", 2, 1, "already defined", ""},
		{"read = [", 1, 8, "incomplete", ""},
		{"completely else", 1, 12, "expected", ""},
	} {
		_, err := Parse("/p/purity.toml", []byte(tt.text))
		var at *PositionError
		if !errors.As(err, &at) {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		if at.Line != tt.line || at.Column != tt.column || !strings.Contains(err.Error(), tt.want) || at.Nearest != tt.nearest {
			t.Errorf("%q: %v (nearest %q), want %d:%d: %s (nearest %q)", tt.text, err, at.Nearest, tt.line, tt.column, tt.want, tt.nearest)
		}
	}
}

// A flag counts before the file; lists add up, and each element knows its place.
func TestMerge(t *testing.T) {
	f := parse(t, "level = 'nix'\nnetwork = true\nread = [\n  'a',\n  'b',\n]\n")
	no := false
	e := Merge(f, Settings{Level: "open", Read: []string{"c"}, Seccomp: &no}, "/cwd")
	if e.Level != "open" || !e.Network.Any || *e.Seccomp || !slices.Equal(e.Read, []string{"a", "b", "c"}) {
		t.Errorf("%+v", e.Settings)
	}
	want := []Entry{{"a", "purity.toml:4", "/project"}, {"b", "purity.toml:5", "/project"}, {"c", "--read", "/cwd"}}
	if diff := cmp.Diff(want, e.Entries("read")); diff != "" {
		t.Error(diff)
	}
	if e := Merge(nil, Settings{}, "/"); e.Level != "" || e.Network != nil {
		t.Errorf("nothing is %+v", e.Settings)
	}
}

// Every key either widens, or is known not to.
func TestWidens(t *testing.T) {
	harmless := []string{"network", "strict-paths", "explain", "env.set", "env.unset", "home", "view", "project", "shims.add", "announce"} // home = "none" narrows, view = true too
	said := strings.Join(parse(t, every).Widens(dev), "\n")
	for field := range reflect.TypeFor[Settings]().Fields() {
		key := field.Tag.Get("toml")
		line := parse(t, every).Line(key, 0)
		if wider := strings.Contains(said, "("+line+")"); wider == slices.Contains(harmless, key) {
			t.Errorf("%s widens: %v\n%s", key, wider, said)
		}
	}
	for text, want := range map[string]bool{
		"": false, "level = 'nix'": false, "level = 'dev'": false, "level = 'open'": true, "home = 'private'": false, "home = '/x'": true,
		"sockets = 'none'": false, "sockets = []": false, "sockets = ['/x']": true, "seccomp = true": false, "min-abi = 9": false,
		"best-effort = false": false, "report-changes = true": false, "network = false": false, "env.keep = ['TOKEN']": true, "shims.add = ['cat']": false, "shims = { remove = ['make'] }": true, "view = false": false,
	} {
		if got := len(parse(t, text).Widens(dev)) > 0; got != want {
			t.Errorf("%s widens: %v", text, got)
		}
	}
	// Grants that level dev has anyway, level nix lacks.
	for text, want := range map[string]bool{
		"": false, "network = true": true, "network = { connect = [443] }": true, "network = false": false,
		"home = 'private'": true, "home = 'none'": false, "sockets = ['/x']": true, "sockets = 'none'": false, "level = 'dev'": false,
		"view = false": true, "view = true": false, "view = 'auto'": false,
	} {
		if got := len(parse(t, text).Widens(narrow)) > 0; got != want {
			t.Errorf("%s widens level nix: %v", text, got)
		}
	}
}

// An exception is for its subject, as long as it lasts.
func TestExceptions(t *testing.T) {
	f := parse(t, "[[exception]]\npath = '/usr/bin/*'\naccess = 'execute'\nreason = 'old'\nuntil = 2026-12-31\nonly = 'make'\n[[exception]]\npath = 'vendor/**'\nreason = 'r'\n[[exception]]\npath = '*:443'\naccess = 'connect'\nreason = 'r'\n")
	a, b, c := f.Exceptions[0], f.Exceptions[1], f.Exceptions[2]
	if port, ok := c.Port(); port != 443 || !ok {
		t.Errorf("the port of %s is %d, %v", c.Path, port, ok)
	}
	if _, ok := b.Port(); ok {
		t.Error("a path has a port")
	}
	if a.Origin != "purity.toml:1" || b.Origin != "purity.toml:7" {
		t.Errorf("they are at %s and %s", a.Origin, b.Origin)
	}
	for _, tt := range []struct {
		e                     Exception
		path, access, program string
		want                  bool
	}{
		{a, "/usr/bin/gcc", "execute", "make", true},
		{a, "/usr/bin/gcc", "read", "make", true}, // as the grant has it
		{a, "/usr/bin/gcc", "write", "make", false},
		{a, "/usr/bin/gcc", "execute", ".make-wrapped", true},
		{a, "/usr/bin/gcc", "execute", ".make-wrapped_", true},
		{a, "/usr/bin/gcc", "execute", "make-wrapped", false},
		{a, "/usr/bin/gcc", "execute", "sh", false},
		{a, "/usr/bin/x/y", "execute", "make", true}, // below it
		{a, "/usr/binary", "execute", "make", false},
		{b, "/project/vendor/a/b", "read", "sh", true},
		{b, "/vendor/a", "read", "sh", false},
		{b, "192.0.2.1:443", "connect", "sh", false},
		{c, "192.0.2.1:443", "connect", "sh", true},
		{c, "[2001:db8::1]:443", "connect", "sh", true},
		{c, "192.0.2.1:80", "connect", "sh", false},
		{c, "192.0.2.1:443", "listen", "sh", false},
	} {
		if got := tt.e.Matches(tt.path, tt.access, tt.program); got != tt.want {
			t.Errorf("%s matches %+v: %v", tt.e.Path, tt, got)
		}
	}
	day := func(s string) time.Time { d, _ := time.Parse(time.DateOnly, s); return d.Add(23 * time.Hour) }
	if a.Expired(day("2026-12-31")) || !a.Expired(day("2027-01-01")) || b.Expired(day("2099-01-01")) {
		t.Error("an exception ends at the wrong time")
	}
}

// The schema has every key, with its type.
func TestSchema(t *testing.T) {
	var out bytes.Buffer
	if err := WriteSchema(&out); err != nil {
		t.Fatal(err)
	}
	var schema struct{ Properties map[string]map[string]any }
	if err := json.Unmarshal(out.Bytes(), &schema); err != nil {
		t.Fatal(err)
	}
	for _, key := range allKeys() {
		table, sub, inTable := strings.Cut(key, ".")
		properties, _ := schema.Properties[table]["properties"].(map[string]any)
		switch {
		case table == "network", table == "exception":
		case inTable && properties[sub] == nil, schema.Properties[table]["description"] == nil:
			t.Errorf("the schema says nothing of %s", key)
		}
	}
	if strings.Contains(out.String(), "${") || strings.Contains(out.String(), "$$") {
		t.Error("there are placeholders in it")
	}
}

// No content of a file makes for anything but an error or settings that can be
// printed; and a widening is always said.
func FuzzParse(f *testing.F) {
	f.Add(every)
	f.Add("network = { connect = [99999] }")
	f.Add("env.set.A = 'b'\nenv.set.B.C = 1")
	f.Add("[[read]]\nx = 1")
	f.Add("read = [[[]]]\nlevel = {}")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Parse("/p/purity.toml", []byte(text))
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without words")
			}
			return
		}
		s := file.Settings
		opens := len(s.Read)+len(s.Write)+len(s.Exec)+len(s.Devices)+len(s.Presets)+len(s.Keep)+len(s.Capabilities) > 0
		if opens && len(file.Widens(dev)) == 0 {
			t.Errorf("%q opens something and does not say so", text)
		}
		for i := range s.Read {
			if at := file.Line("read", i); strings.HasSuffix(at, ":0") {
				t.Errorf("%q: read[%d] is at %s", text, i, at)
			}
		}
		_ = fmt.Sprint(s)
	})
}

// The form of the command line is as documented.
func FuzzNetwork(f *testing.F) {
	for _, s := range []string{"true", "false", "connect=443,bind=80,udp", "connect=", "connect=0", "=1", "udp,udp", ","} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var n Network
		if err := n.UnmarshalText([]byte(s)); err == nil && n.Any && s != "true" {
			t.Errorf("%q is any network", s)
		}
	})
}

// Quoted text is read as it was, and is one line.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "/usr/bin", `a"b\c`, "c\n]\nlevel = \"open\"", "\x1b[31m\x7f\u202e", "bad\xff", "\U000e0041", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		quoted := Quote(s)
		file, err := Parse("/p/purity.toml", []byte("env.keep = ["+quoted+"]"))
		if err != nil || strings.ContainsFunc(quoted, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Fatalf("%q: %v", quoted, err)
		}
		if got := file.Settings.Keep[0]; got != strings.ToValidUTF8(s, "\uFFFD") && utf8.ValidString(s) {
			t.Errorf("%q is read as %q", s, got)
		}
	})
}

// Written settings are read as they were.
func TestWrite(t *testing.T) {
	want := parse(t, every).Settings
	want.Set = append(want.Set, "ODD.NAME=\"x\"\n")
	var out strings.Builder
	comment := func(key, element string) string {
		if key == "read" {
			return "for " + element
		}
		return ""
	}
	if err := want.WriteTOML(&out, comment); err != nil {
		t.Fatal(err)
	}
	got := parse(t, out.String()).Settings
	slices.Sort(want.Set)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s\n%s", out.String(), diff)
	}
	if !strings.Contains(out.String(), "# for ") {
		t.Error("there are no comments")
	}
	for _, n := range []Network{{}, {Any: true}, {UDP: true}, {Connect: []uint16{1, 2}, Bind: []uint16{3}}} {
		out.Reset()
		if err := (Settings{Network: &n, Sockets: Sockets{"none"}}).WriteTOML(&out, comment); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&n, parse(t, out.String()).Settings.Network); diff != "" {
			t.Errorf("%s\n%s", out.String(), diff)
		}
	}
}
