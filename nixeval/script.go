package nixeval

import (
	"embed"
	"maps"
	"slices"
	"strings"
)

// The bash code of an environment, in a directory of the cache entry which
// the confinement may read ([Environment.Scripts]).
const (
	// StateFile has the variables that are not exported and the functions.
	// It is made; the others are the same for every environment.
	StateFile = "state.bash"
	// EnterFile loads the state and runs the shellHook.
	EnterFile = "enter.bash"
	// ExecFile enters and runs a command. Its arguments are the message if
	// there is no such command, and the command line.
	ExecFile = "exec.bash"
	// ShellFile enters in an interactive bash: its first PROMPT_COMMAND.
	ShellFile = "shell.bash"
	// DumpFile enters and prints the exported variables then, for
	// [Environment.ParseHooked].
	DumpFile = "dump.bash"
)

// scriptFiles are all of them.
var scriptFiles = []string{StateFile, EnterFile, ExecFile, ShellFile, DumpFile}

//go:embed enter.bash exec.bash shell.bash dump.bash
var scripts embed.FS

// state writes the variables that bash code of the environment expects to find and a plain
// process environment cannot carry.
func (d devEnv) state(storeDir string) string {
	var b strings.Builder
	b.WriteString("unset BASH_ENV\npurity_store=" + quote(storeDir) + "\n")
	for _, name := range slices.Sorted(maps.Keys(d.Variables)) {
		v := d.Variables[name]
		switch v.Type {
		case "var":
			b.WriteString(name + "=" + quote(v.Value) + "\n")
		case "array":
			b.WriteString("declare -a " + name + "=(")
			for _, item := range v.Array {
				b.WriteString(quote(item) + " ")
			}
			b.WriteString(")\n")
		case "associative":
			b.WriteString("declare -A " + name + "=(")
			for _, key := range slices.Sorted(maps.Keys(v.Associative)) {
				b.WriteString("[" + quote(key) + "]=" + quote(v.Associative[key]) + " ")
			}
			b.WriteString(")\n")
		}
	}
	if v := d.Variables["shellHook"]; v.Type == "exported" {
		b.WriteString("shellHook=" + quote(v.Value) + "\n")
	}
	for _, name := range slices.Sorted(maps.Keys(d.Functions)) {
		if isFunctionName(name) {
			b.WriteString(name + " ()\n{\n" + d.Functions[name] + "}\n")
		}
	}
	return b.String()
}

// quote makes s one word of any POSIX shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// isFunctionName guards the one place where a name from the dump is code.
func isFunctionName(s string) bool {
	return s != "" && !strings.ContainsAny(s, " \t\n'\"\\$`&|;<>()*?[]#~={}")
}
