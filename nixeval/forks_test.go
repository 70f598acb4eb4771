package nixeval

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nix-purity/purity/closure"
	"github.com/nix-purity/purity/fixtures"
)

// fork is the answer of a Nix that the tests lack, in the forms of its source.
type fork struct {
	version string
	answers []fixtures.Answer // of nix --version, and about the closure of toolP
	calls   int               // for the closure
	invalid fixtures.Answer   // about a path that is not there
	log     map[string]Event
	env     string // a -env store path
}

var forks = map[string]fork{
	// lix-project/lix at 049cc4e1322b: printVersion of lix/libmain/shared.cc,
	// pathInfoToJSON of lix/libstore/store-api.cc (fields that are empty are left out),
	// UsageError of lix/libutil/args.cc, JSONLogger of lix/libutil/logging.cc,
	// __escapeCtrl of lix/nix/get-env.sh, where a blank is a control character.
	"Lix 2.96": {
		version: "nix (Lix, like Nix) 2.96.0-dev",
		answers: []fixtures.Answer{
			{Call: "nix --version", Stdout: "nix (Lix, like Nix) 2.96.0-dev\n"},
			{Call: "nix path-info --json -r " + toolP + " --json-format", Code: 1, Stderr: "error: unrecognised flag '--json-format'\nTry 'nix --help' for more information.\n"},
			{Call: "nix path-info --json -r " + toolP, Stdout: `[` +
				`{"narHash":"sha256-FePFYIlMuycIXPZbWi7LGEiMmZSX9FMbaQenWBzm1Sc=","narSize":100,"path":"` + bashP + `","references":[],"registrationTime":1,"signatures":["k:AA=="],"valid":true},` +
				`{"ca":"fixed:r:sha256:1lr187v6dck1rjh2j6svpikcfz53wyl3qrlcbb405zlh13x0khhh","narHash":"sha256-FePFYIlMuycIXPZbWi7LGEiMmZSX9FMbaQenWBzm1Sc=","narSize":20,"path":"` + toolP + `","references":["` + bashP + `"],"registrationTime":2,"ultimate":true,"valid":true}]`},
		},
		calls:   2,
		invalid: fixtures.Answer{Call: "nix path-info", Stdout: `[{"path":"` + toolP + `","valid":false}]`},
		log: map[string]Event{
			`@nix {"action":"msg","column":9,"file":"/s/flake.nix","level":0,"line":7,"msg":"\u001b[31;1merror:\u001b[0m undefined variable '\u001b[35;1mpkgz\u001b[0m'\n       at /s/flake.nix:7:9","raw_msg":"undefined variable 'pkgz'"}`: {Failed, 0, "undefined variable 'pkgz'\n       at /s/flake.nix:7:9"},
			`@nix {"action":"msg","level":1,"msg":"\u001b[35;1mwarning:\u001b[0m Git tree '/p' is dirty"}`:                                                                                                                                   {Warning, 0, "Git tree '/p' is dirty"},
			`@nix {"action":"start","fields":["/s/x.drv","",1,1],"id":7,"level":3,"parent":0,"text":"building '/s/x.drv'","type":105}`:                                                                                                       {Begun, 7, "building '/s/x.drv'"},
			`@nix {"action":"result","fields":["cc -c a.c"],"id":7,"type":101}`:                                                                                                                                                              {Log, 7, "cc -c a.c"},
		},
		env: `{
  "bashFunctions": {
    "f":"\u0020\u000a\u0020\u0020\u0020\u0020echo\u0020\u001b[0m\u000a"
  },
  "variables": {
    "A": {"type": "exported", "value": "two\u0020words\u001b"},
    "builder": {"type": "exported", "value": "/s/bash"},
    "n": {"type": "unknown"},
    "l": {"type": "array", "value": ["a\u0020b" , "c" ]}
  }}`,
	},
	// DeterminateSystems/nix-src at c407745c8b9b (3.22.2, of Nix 2.35.2): printVersion of
	// src/libmain/shared.cc, pathInfoToJSON of src/nix/path-info.cc with the fields of
	// src/libstore/path-info.cc, provenance as tests/functional/flakes/provenance.sh has
	// it, JSONLogger of src/libutil/logging.cc with sid and payload, src/nix/get-env.sh
	// with version.
	"Determinate Nix 3.22": {
		version: "nix (Determinate Nix 3.22.2) 2.35.2",
		answers: []fixtures.Answer{
			{Call: "nix --version", Stdout: "nix (Determinate Nix 3.22.2) 2.35.2\n"},
			{Call: "nix path-info --json -r " + toolP + " --json-format 1", Stdout: `{` +
				`"` + bashP + `":{"ca":null,"deriver":null,"narHash":"sha256-FePFYIlMuycIXPZbWi7LGEiMmZSX9FMbaQenWBzm1Sc=","narSize":100,"provenance":null,"references":[],"registrationTime":null,"signatures":[],"storeDir":"/s","ultimate":false,"version":1},` +
				`"` + toolP + `":{"ca":null,"deriver":null,"narHash":"sha256-FePFYIlMuycIXPZbWi7LGEiMmZSX9FMbaQenWBzm1Sc=","narSize":20,"provenance":{"attrs":{"type":"git","url":"file:///p"},"type":"tree"},"references":["` + bashP + `"],"registrationTime":2,"signatures":["k:AA=="],"storeDir":"/s","ultimate":true,"version":1}}`},
		},
		calls:   1,
		invalid: fixtures.Answer{Call: "nix path-info", Stdout: `{"` + toolP + `":null}`},
		log: map[string]Event{
			`@nix {"action":"msg","column":9,"file":"/s/flake.nix","level":0,"line":7,"msg":"\u001b[31;1merror:\u001b[0m undefined variable 'pkgz'","raw_msg":"undefined variable 'pkgz'","sid":"0e1f"}`: {Failed, 0, "undefined variable 'pkgz'"},
			`@nix {"action":"start","id":7,"level":3,"parent":0,"sid":"0e1f","text":"building '/s/x.drv'","type":105}`:                                                                                   {Begun, 7, "building '/s/x.drv'"},
			`@nix {"action":"result","id":7,"payload":{"path":"/s/x"},"sid":"0e1f","type":110}`:                                                                                                          {},
			`@nix {"action":"result","fields":["cc -c a.c"],"id":7,"sid":"0e1f","type":101}`:                                                                                                             {Log, 7, "cc -c a.c"},
			`@nix {"action":"stop","id":7,"sid":"0e1f"}`:                                                                                                                                                 {Ended, 7, ""},
		},
		env: `{
  "version": 1,
  "bashFunctions": {
    "f":" \n    echo\n"
  },
  "variables": {
    "A": {"type": "exported", "value": "two words"},
    "builder": {"type": "exported", "value": "/s/bash"},
    "n": {"type": "unknown"},
    "l": {"type": "array", "value": ["a b" , "c" ]}
  },
  "structuredAttrs": {
    ".attrs.sh": "declare x=1",
    ".attrs.json": "{}"
  }}`,
	},
}

// Forks of Nix, which nobody packages where the tests get theirs from, are understood.
func TestForks(t *testing.T) {
	want, err := closure.New(store, []closure.Path{toolP}, []closure.Node{{Path: bashP, NarSize: 100}, {Path: toolP, NarSize: 20, References: []closure.Path{bashP}}})
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range forks {
		t.Run(name, func(t *testing.T) {
			environ, calls := fixtures.StandIn(t, f.answers...)
			nix := Nix{Environ: environ}
			got, err := nix.Closure(t.Context(), toolP)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
			if n := len(calls()); n != f.calls {
				t.Errorf("%d calls, want %d: %q", n, f.calls, calls())
			}
			if version, err := nix.Version(t.Context()); version != f.version || err != nil {
				t.Errorf("version %q, %v", version, err)
			}
			for line, want := range f.log {
				if got := parseLog(line); got != want {
					t.Errorf("%s is %+v, want %+v", line, got, want)
				}
			}
			env, err := parseDevEnv([]byte(f.env))
			if err != nil || env.Variables["l"].Array[0] != "a b" || env.bash() != "/s/bash" {
				t.Errorf("dev environment: %+v, %v", env, err)
			}
		})
	}
}

// A path that is not there is so with forks, too, whose calls succeed then.
func TestForksInvalid(t *testing.T) {
	for name, f := range forks {
		environ, _ := fixtures.StandIn(t, f.invalid)
		if got, err := (Nix{Environ: environ}).Closure(t.Context(), toolP); err == nil {
			t.Errorf("%s: a path that is not valid has the closure %v", name, got)
		}
	}
}
