package nixeval

import (
	"slices"
	"strings"
)

// Hooked is the state that a shellHook leaves behind: variables of a process that came
// after it, as the script [DumpFile] says them, so that the hook need not run
// before each command of many.
type Hooked struct {
	// Variables are those of the environment then, NAME=value, without those
	// that each run has of its own and those of the host.
	Variables []string
	// Temp is the TMPDIR that the hook was given, which its run made. Where a
	// variable names it, the one of the run is meant. A TMPDIR that the hook sets
	// is dropped.
	Temp string
}

// ParseHooked reads the output of [DumpFile] in a process that was started with
// the environment before.
func (e Environment) ParseHooked(dump string, before []string) Hooked {
	h := Hooked{Temp: lookup(before, "TMPDIR")}
	for v := range strings.SplitSeq(strings.TrimSuffix(dump, "\x00"), "\x00") {
		name, _, _ := strings.Cut(v, "=")
		switch {
		case ofRun(name) || !slices.Contains(e.variables, v) && slices.Contains(before, v):
		default:
			h.Variables = append(h.Variables, v)
		}
	}
	slices.Sort(h.Variables)
	return h
}

// ofRun reports whether a variable is one that every run has of its own, or
// that tells which shell it is.
func ofRun(name string) bool {
	switch name {
	case "HOME", "PWD", "OLDPWD", "SHLVL", "SHELL", "_", "TMPDIR", "TMP", "TEMP", "TEMPDIR", "NIX_BUILD_TOP", "NIX_GCROOT", "NIX_ATTRS_SH_FILE", "NIX_ATTRS_JSON_FILE", "BASH_ENV":
		return true
	}
	return strings.HasPrefix(name, "PURITY_")
}

// After is e with the state after its shellHook, which is then not run.
func (e Environment) After(h Hooked) Environment {
	e.Hooked, e.variables, e.hookTemp = false, h.Variables, h.Temp
	return e
}

// As is e with variables from elsewhere, after its shellHook for that reason. Their
// search paths are reduced to the closure and the project.
func (e Environment) As(environ []string, project string) Environment {
	b := newBuilder(len(environ))
	b.set("PATH=")
	for _, v := range environ {
		name, value, _ := strings.Cut(v, "=")
		switch {
		case ofRun(name):
			continue
		case name == "PATH" || name == "XDG_DATA_DIRS":
			entries := slices.DeleteFunc(strings.Split(value, ":"), func(entry string) bool {
				return !e.Contains(entry) && entry != project && !strings.HasPrefix(entry, project+"/")
			})
			v = name + "=" + strings.Join(entries, ":")
		}
		b.set(v)
	}
	e.Hooked, e.variables = false, b.environ
	return e
}

// Variables are the exported variables of e, NAME=value, for a shell that has
// its programs by other means than PATH: without that, and without variables that each
// run has of its own.
func (e Environment) Variables(run Run) []string {
	rewrite := e.rewriter(run)
	var environ []string
	for _, v := range e.variables {
		if name, _, _ := strings.Cut(v, "="); name != "PATH" && !ofRun(name) {
			environ = append(environ, rewrite.Replace(v))
		}
	}
	return environ
}
