package nixeval

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// devEnv is the environment of a dev shell as Nix's get-env.sh dumps it into
// the "-env" store path (src/nix/get-env.sh; the same shape since Nix 2.4).
type devEnv struct {
	Variables       map[string]variable `json:"variables"`
	Functions       map[string]string   `json:"bashFunctions"`
	StructuredAttrs *structuredAttrs    `json:"structuredAttrs"`
}

// variable is a bash variable. Kinds that cannot be carried over ("unknown":
// integers, read-only variables, name references) are dropped, as Nix does.
type variable struct {
	Type        string
	Value       string            // exported, var
	Array       []string          // array
	Associative map[string]string // associative
}

// structuredAttrs are the files that a derivation with __structuredAttrs
// finds through NIX_ATTRS_SH_FILE and NIX_ATTRS_JSON_FILE.
type structuredAttrs struct {
	Shell string `json:".attrs.sh"`
	JSON  string `json:".attrs.json"`
}

func (v *variable) UnmarshalJSON(data []byte) error {
	var raw struct {
		Type  string          `json:"type"`
		Value json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	v.Type = raw.Type
	switch v.Type {
	case "exported", "var":
		return json.Unmarshal(raw.Value, &v.Value)
	case "array":
		return json.Unmarshal(raw.Value, &v.Array)
	case "associative":
		return json.Unmarshal(raw.Value, &v.Associative)
	}
	return nil
}

// readDevEnv reads a -env store path.
func readDevEnv(path string) (devEnv, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return devEnv{}, fmt.Errorf("read dev environment: %w", err)
	}
	env, err := parseDevEnv(data)
	if err != nil {
		return devEnv{}, fmt.Errorf("read dev environment %s: %w", path, err)
	}
	return env, nil
}

func parseDevEnv(data []byte) (devEnv, error) {
	var env devEnv
	if err := json.Unmarshal(data, &env); err != nil {
		return devEnv{}, err
	}
	if env.Variables == nil {
		return devEnv{}, fmt.Errorf(`no "variables"`)
	}
	for name := range env.Variables {
		if !isName(name) || ignored[name] {
			delete(env.Variables, name)
		}
	}
	if env.StructuredAttrs == nil {
		// Nix before 2.19 does not hand out the files, and these would name
		// ones of a build directory that is gone, which others could put there.
		delete(env.Variables, "NIX_ATTRS_SH_FILE")
		delete(env.Variables, "NIX_ATTRS_JSON_FILE")
	}
	return env, nil
}

// ignored are variables of the build that `nix develop` leaves alone because
// they mean something else in a shell (ignoreVars in src/nix/develop.cc, the
// same from Nix 2.4 on), and SHELL, which some versions add: purity sets it.
var ignored = map[string]bool{
	"BASHOPTS": true, "HOME": true, "NIX_BUILD_TOP": true, "NIX_ENFORCE_PURITY": true,
	"NIX_LOG_FD": true, "NIX_REMOTE": true, "PPID": true, "SHELL": true, "SHELLOPTS": true,
	"SSL_CERT_FILE": true, "TEMP": true, "TEMPDIR": true, "TERM": true, "TMP": true,
	"TMPDIR": true, "TZ": true, "UID": true,
}

// text returns the value of a plain variable, exported or not.
func (d devEnv) text(name string) string { return d.Variables[name].Value }

// bash is the shell of the environment: the builder, whose name Nix requires
// to be bash.
func (d devEnv) bash() string { return d.text("builder") }

// hook is the shellHook, empty if there is none worth starting bash for.
func (d devEnv) hook() string {
	hook := d.text("shellHook")
	if strings.TrimSpace(hook) == "" {
		return ""
	}
	return hook
}

// exported returns the exported variables as sorted NAME=value strings.
func (d devEnv) exported() []string {
	var environ []string
	for name, v := range d.Variables {
		if v.Type == "exported" && name != "shellHook" {
			environ = append(environ, name+"="+v.Value)
		}
	}
	slices.Sort(environ)
	return environ
}

// outputs returns the output paths by output name. `nix develop` points them
// into the project, because the store cannot be written to.
func (d devEnv) outputs() map[string]string {
	names := strings.Fields(d.text("outputs"))
	if v := d.Variables["outputs"]; v.Type == "array" {
		names = v.Array
	} else if v.Type == "associative" { // structured attributes
		return maps.Clone(v.Associative)
	}
	out := map[string]string{}
	for _, name := range names {
		if path := d.text(name); path != "" {
			out[name] = path
		}
	}
	return out
}

// isName reports whether s can be a shell variable, so that it may stand
// unquoted on the left of an assignment.
func isName(s string) bool {
	for i, c := range []byte(s) {
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
