package nixeval

import "testing"

func TestParseLog(t *testing.T) {
	tests := []struct {
		name, line string
		want       Event
	}{
		{"build begins", `@nix {"action":"start","id":7,"level":3,"parent":0,"text":"building '/s/x.drv'","type":105}`, Event{Begun, 7, "building '/s/x.drv'"}},
		{"nameless activity", `@nix {"action":"start","id":7,"level":3,"parent":0,"text":"","type":103}`, Event{}},
		{"activity ends", `@nix {"action":"stop","id":7}`, Event{Ended, 7, ""}},
		{"builder's log", `@nix {"action":"result","fields":["cc -c a.c"],"id":7,"type":101}`, Event{Log, 7, "cc -c a.c"}},
		{"progress numbers", `@nix {"action":"result","fields":[1,2,0,0],"id":7,"type":105}`, Event{}},
		{"warning", `@nix {"action":"msg","level":1,"msg":"warning: Git tree '/p' is dirty"}`, Event{Warning, 0, "Git tree '/p' is dirty"}},
		{"coloured warning", "@nix {\"action\":\"msg\",\"level\":1,\"msg\":\"\\u001b[35;1mwarning:\\u001b[0m old\"}", Event{Warning, 0, "old"}},
		{"note", `@nix {"action":"msg","level":3,"msg":"these 2 derivations will be built:"}`, Event{Note, 0, "these 2 derivations will be built:"}},
		{"error", `@nix {"action":"msg","level":0,"msg":"error: flake.nix:3:1: syntax error"}`, Event{Failed, 0, "flake.nix:3:1: syntax error"}},
		{"error before the flags are read", `error: unrecognised flag '--x'`, Event{Failed, 0, "unrecognised flag '--x'"}},
		{"not of nix", `fatal: not a git repository`, Event{Note, 0, "fatal: not a git repository"}},
		{"damaged", `@nix {"action":`, Event{Note, 0, `@nix {"action":`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := parseLog(tt.line); got != tt.want {
				t.Errorf("parseLog(%q) = %+v, want %+v", tt.line, got, tt.want)
			}
		})
	}
}

func TestPointOf(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"one line", "error: no such thing", "no such thing"},
		{"trace", `error:
       … while calling the 'derivationStrict' builtin
         at <nix/derivation-internal.nix>:9:12:
       (stack trace truncated; use '--show-trace' to show the full trace)

       error: undefined variable 'pkgz'
       at /s/flake.nix:7:9:
            6|     {
            7|       x = pkgz;
             |           ^`, `undefined variable 'pkgz'
at /s/flake.nix:7:9:
     6|     {
     7|       x = pkgz;
      |           ^`},
		{"throw", `error:
       … while calling the 'throw' builtin
         at /p/flake.nix:4:15:
            3|     default =
            4|       let x = throw "no such thing";
             |               ^

       error: no such thing`, "no such thing\nat /p/flake.nix:4:15"},
		{"second line belongs to it", "error: flake 'x' does not provide attribute 'a'\n       Did you mean b?", "flake 'x' does not provide attribute 'a'\n       Did you mean b?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := pointOf(tt.text); got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

func FuzzParseLog(f *testing.F) {
	f.Add(`@nix {"action":"msg","level":0,"msg":"error:\n  error: x"}`)
	f.Add(`@nix {"action":"result","fields":[[]],"type":101}`)
	f.Fuzz(func(t *testing.T, line string) {
		if e := parseLog(line); e.Kind == Failed && e.Text != "" && e.Text[0] == ' ' {
			t.Errorf("an error begins with a space: %q", e.Text)
		}
	})
}
