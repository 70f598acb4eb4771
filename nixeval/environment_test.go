package nixeval

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nix-purity/purity/closure"
)

const (
	store   = "/s"
	bashP   = store + "/00000000000000000000000000000000-bash-5"
	toolP   = store + "/11111111111111111111111111111111-tool-1"
	outside = store + "/22222222222222222222222222222222-other-1"
)

func sample() Environment {
	e := Environment{
		Source: "test", StoreDir: store, Bash: bashP + "/bin/bash", ScriptDir: "/cache/bash",
		Roots: []closure.Path{toolP}, Paths: []closure.Path{bashP, toolP},
		outputs: map[string]string{"out": outside},
	}
	e.setVariables([]string{
		"A=1", "prefix=" + outside + "/x",
		"PATH=" + strings.Join([]string{toolP + "/bin", "/usr/bin", outside + "/bin", bashP + "/bin", ""}, ":"),
		"XDG_DATA_DIRS=/usr/share:" + toolP + "/share",
	})
	return e
}

func TestEnviron(t *testing.T) {
	host := []string{
		"TERM=xterm", "LANG=C", "LC_ALL=C.UTF-8", "USER=u", "TZ=UTC", "CI=true", "http_proxy=p", "COLUMNS=80",
		"PATH=/usr/bin", "HOME=/home/u", "LD_PRELOAD=x", "LD_LIBRARY_PATH=x", "PYTHONPATH=x", "DISPLAY=:0", "WAYLAND_DISPLAY=w",
		"SSH_AUTH_SOCK=s", "DBUS_SESSION_BUS_ADDRESS=d", "LCX=x", "MINE=kept", "A=host", "OTHER=x",
	}
	run := Run{Home: "/h", Temp: "/t", Dir: "/p/sub", Project: "/p", Keep: []string{"MINE", "A"}, Set: []string{"A=3", "NEW=n"}, Unset: []string{"TZ", "ABSENT"}}
	got := sample().Environ(host, run)
	slices.Sort(got)
	want := []string{
		"A=3", "CI=true", "COLUMNS=80", "HOME=/h", "LANG=C", "LC_ALL=C.UTF-8", "MINE=kept", "NEW=n", "NIX_BUILD_TOP=/t/.", "NIX_GCROOT=" + toolP,
		"PATH=" + toolP + "/bin:" + bashP + "/bin", "PURITY_PROJECT=/p", "PWD=/p/sub", "SHELL=" + bashP + "/bin/bash", "TEMP=/t", "TEMPDIR=/t", "TERM=xterm",
		"TMP=/t", "TMPDIR=/t", "USER=u", "XDG_DATA_DIRS=" + toolP + "/share", "http_proxy=p", "prefix=/p/sub/outputs/out/x",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The environment's own value wins over one that is kept of the host.
func TestEnvironKeepsHostBelow(t *testing.T) {
	got := sample().Environ([]string{"A=host"}, Run{Keep: []string{"A"}})
	if !slices.Contains(got, "A=1") || slices.Contains(got, "A=host") {
		t.Errorf("A is not the environment's in %q", got)
	}
}

func TestParseDevEnv(t *testing.T) {
	env, err := parseDevEnv([]byte(`{"bashFunctions":{"f":"echo\n"},"later":1,"variables":{
		"builder":{"type":"exported","value":"/s/bash"},"HOME":{"type":"exported","value":"/homeless-shelter"},
		"TMPDIR":{"type":"exported","value":"/build"},"SHELL":{"type":"exported","value":"/noshell"},"NIX_ATTRS_SH_FILE":{"type":"exported","value":"/tmp/nix-build-x/.attrs.sh"},"n":{"type":"unknown"},
		"outputs":{"type":"exported","value":"out dev"},"out":{"type":"exported","value":"/s/o"},"dev":{"type":"exported","value":"/s/d"},
		"shellHook":{"type":"exported","value":" \n"},"a;b":{"type":"exported","value":"x"},"v":{"type":"var","value":"x"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"builder=/s/bash", "dev=/s/d", "out=/s/o", "outputs=out dev"}
	if diff := cmp.Diff(want, env.exported()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"out": "/s/o", "dev": "/s/d"}, env.outputs()); diff != "" {
		t.Error(diff)
	}
	if env.bash() != "/s/bash" || env.hook() != "" {
		t.Errorf("bash %q, hook %q", env.bash(), env.hook())
	}
	for _, bad := range []string{"", "{}", "[]", `{"variables":{"a":{"type":"var","value":1}}}`} {
		if _, err := parseDevEnv([]byte(bad)); err == nil {
			t.Errorf("parseDevEnv(%q) succeeds", bad)
		}
	}
}
