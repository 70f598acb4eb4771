package nixeval

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// awkward values must come through bash unchanged.
const awkward = "a b\t'\"\\$(echo no)`echo no`\n!#*?[x]~ \xff\xfe end\n"

func TestStateInBash(t *testing.T) {
	env := devEnv{
		Variables: map[string]variable{
			"plain":     {Type: "var", Value: awkward},
			"list":      {Type: "array", Array: []string{"one", awkward, ""}},
			"map":       {Type: "associative", Associative: map[string]string{"key with ']": awkward}},
			"passed":    {Type: "exported", Value: "not written: the process environment has it"},
			"shellHook": {Type: "exported", Value: "echo hook"},
		},
		Functions: map[string]string{"greet": "\n    echo \"hello $1\"\n", "evil () { echo no; }; x": "echo no\n"},
	}
	dir := t.TempDir()
	if err := writeScripts(dir, env.state("/s")); err != nil {
		t.Fatal(err)
	}
	script := `set -eu; source "$1/state.bash"; unset -n x 2>/dev/null
printf '%s|' "$plain" "${#list[@]}" "${list[1]}" "${map[key with \']]}" "${passed-unset}" "$shellHook"; greet you; declare -F | wc -l`
	script = strings.ReplaceAll(script, `${map[key with \']]}`, `${map["$2"]}`)
	out := bash(t, nil, "-c", script, "bash", dir, "key with ']")
	want := awkward + "|3|" + awkward + "|" + awkward + "|unset|echo hook|hello you\n1\n"
	if out != want {
		t.Errorf("got  %q\nwant %q", out, want)
	}
}

func TestExecScript(t *testing.T) {
	project := t.TempDir()
	for name, mode := range map[string]os.FileMode{"tool": 0o755, "data": 0o644} {
		if err := os.WriteFile(filepath.Join(project, name), []byte("#!/bin/sh\necho \"$0 $# $*\"\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name, hook string
		command    []string
		want       string
		code       int
	}{
		{"command sees the hook's variables", "export A=1; B=2", []string{"/bin/sh", "-c", "echo $A $B"}, "1\n", 0},
		{"arguments come through", "", []string{"/bin/echo", awkward, "", "--"}, awkward + "  --\n", 0},
		{"hook does not see the arguments", `echo "$#"`, []string{"/bin/echo", "x"}, "0\nx\n", 0},
		{"hook adds a project directory", "PATH=$PURITY_PROJECT:$PATH", []string{"tool", "x"}, project + "/tool 1 x\n", 0},
		{"hook adds a host directory", "PATH=$PATH:/usr/bin:/bin", []string{"sed", "--version"}, "no sed here\n", 127},
		{"hook names a TMPDIR of the host", "export TMPDIR=/tmp TMP=$PURITY_PROJECT/tmp; unset TEMP", []string{"/bin/sh", "-c", "echo $TMPDIR $TMP $TEMP"}, "/run/temp " + project + "/tmp /run/temp\n", 0},
		{"hook leaves with a code", "exit 7", []string{"/bin/echo", "x"}, "", 7},
		{"hook replaces the command", "exec /bin/echo instead", []string{"/bin/echo", "x"}, "instead\n", 0},
		{"command is not there", "", []string{"sed"}, "no sed here\n", 127},
		{"hook sets -eu", "set -eu", []string{"/bin/echo", "x"}, "x\n", 0},
		{"bash gets the functions", "", []string{"/bin/bash", "-c", "greet; echo ${BASH_ENV-none}"}, "hello\nnone\n", 0},
		{"sh does not", "", []string{"/bin/sh", "-c", "command -v greet || echo none"}, "none\n", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := devEnv{
				Variables: map[string]variable{"shellHook": {Type: "exported", Value: tt.hook}},
				Functions: map[string]string{"greet": "echo hello\n"},
			}
			dir := t.TempDir()
			if err := writeScripts(dir, env.state("/s")); err != nil {
				t.Fatal(err)
			}
			args := append([]string{"--noprofile", "--norc", filepath.Join(dir, ExecFile), "no sed here"}, tt.command...)
			cmd := exec.Command("bash", args...)
			cmd.Env = []string{"PATH=/s/bin", "HOME=/nowhere", "PURITY_PROJECT=" + project, "TMPDIR=/run/temp"}
			out, err := cmd.CombinedOutput()
			if cmd.ProcessState == nil {
				t.Fatal(err)
			}
			if got := cmd.ProcessState.ExitCode(); got != tt.code || string(out) != tt.want {
				t.Errorf("code %d, output %q\nwant %d, %q", got, out, tt.code, tt.want)
			}
		})
	}
}

func FuzzQuote(f *testing.F) {
	f.Add(awkward)
	f.Fuzz(func(t *testing.T, s string) {
		if strings.Contains(s, "\x00") || len(s) > 4096 {
			t.Skip("no process argument can be that")
		}
		if got := bash(t, nil, "-c", "printf %s "+quote(s)); got != s {
			t.Errorf("bash reads %q as %q", s, got)
		}
	})
}

func bash(t *testing.T, environ []string, args ...string) string {
	t.Helper()
	cmd := exec.Command("bash", args...)
	cmd.Env = environ
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("bash %q: %v\n%s", args, err, out)
	}
	return string(out)
}
