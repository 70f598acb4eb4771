package nixeval

import (
	"slices"
	"testing"
)

// Whole components are replaced wherever a path can start, and nothing else is.
func TestRewriter(t *testing.T) {
	r := rewriter{{"/tmp/run-1", "/new"}, {"/s/0-out", "/p/out"}}
	for text, want := range map[string]string{
		"":                                "",
		"/tmp/run-1":                      "/new",
		"A=/tmp/run-1/x":                  "A=/new/x",
		"/tmp/run-1/.":                    "/new/.",
		"/bin:/tmp/run-1:/s/0-out/b":      "/bin:/new:/p/out/b",
		"-L/s/0-out/lib -isystem/s/0-out": "-L/p/out/lib -isystem/p/out",
		"-rpath=/s/0-out,x":               "-rpath=/p/out,x",
		"'/s/0-out' \"/s/0-out\"\n":       "'/p/out' \"/p/out\"\n",
		"file:///s/0-out":                 "file:///p/out",
		"path:/s/0-out":                   "path:/p/out",
		"[\"/tmp/run-1\"]":                "[\"/new\"]",
		"/tmp/run-12":                     "/tmp/run-12",
		"/tmp/run-1-data":                 "/tmp/run-1-data",
		"/tmp/run-1.old":                  "/tmp/run-1.old",
		"/tmp/run-1\u00fc":                "/tmp/run-1\u00fc",
		"/srv/tmp/run-1":                  "/srv/tmp/run-1",
		"/srv//s/0-out":                   "/srv//s/0-out",
		"../s/0-out":                      "../s/0-out",
		"-x1/s/0-out":                     "-x1/s/0-out",
		"https://host//s/0-out":           "https://host//s/0-out",
		"/tmp/run-12 /tmp/run-1":          "/tmp/run-12 /new",
	} {
		if got := r.Replace(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// The TMPDIR that the run of a shellHook had is the one of each run after it. One
// that the hook sets is no directory of a run, and stays as it is.
func TestHookTemp(t *testing.T) {
	before := []string{"TMPDIR=/tmp/purity-0/run-1", "HOME=/h", "A=1"}
	dump := "A=1\x00TMPDIR=/tmp\x00DATA=/srv/tmp-data\x00HERE=/tmp/project\x00MINE=/tmp/purity-0/run-1/x\x00NEXT=/tmp/purity-0/run-12\x00"
	e := sample()
	after := e.After(e.ParseHooked(dump, before))
	got := map[string]bool{}
	for _, v := range after.Environ(nil, Run{Temp: "/tmp/purity-0/run-2"}) {
		got[v] = true
	}
	for _, want := range []string{"DATA=/srv/tmp-data", "HERE=/tmp/project", "MINE=/tmp/purity-0/run-2/x", "NEXT=/tmp/purity-0/run-12", "TMPDIR=/tmp/purity-0/run-2"} {
		if !got[want] {
			t.Errorf("no %s in %v", want, got)
		}
	}
}

// A runtime directory of devenv that is not there is one of the run. One that is there
// is that of the shell in which it was made.
func TestRuntimeDir(t *testing.T) {
	there := t.TempDir()
	for dir, want := range map[string]string{there + "/none": "/t/none", there: there, "relative": "relative", "/": "/"} {
		e := sample()
		e.setVariables([]string{"DEVENV_RUNTIME=" + dir, "PC_SOCKET_PATH=" + dir + "/pc.sock"})
		got := e.Environ(nil, Run{Temp: "/t"})
		if !slices.Contains(got, "DEVENV_RUNTIME="+want) || !slices.Contains(got, "PC_SOCKET_PATH="+want+"/pc.sock") {
			t.Errorf("%s: %v", dir, got)
		}
	}
}
