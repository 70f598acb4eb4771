package caller

import (
	"encoding/base64"
	"hash/fnv"
	"os"
	"slices"
	"strings"
)

// Fingerprints are those of the variables that a shell had when it entered a project, for
// [Outer]. Variables beyond them were set inside, for the commands that are run there:
// CC=clang make. They do not
// give the values away.
func Fingerprints(environ []string) string {
	var data []byte
	for _, v := range environ {
		print := fingerprint(v)
		data = append(data, print[:]...)
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// AlsoKnown is a list of fingerprints with those of more variables, which a shell is given
// on entering.
func AlsoKnown(outer string, variables []string) string {
	data, err := base64.RawURLEncoding.DecodeString(outer)
	if err != nil || len(data)%4 != 0 {
		return outer
	}
	known := fingerprintsIn(data)
	for _, v := range variables {
		if print := fingerprint(v); !known[print] {
			data = append(data, print[:]...)
		}
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

func fingerprintsIn(data []byte) map[[4]byte]bool {
	known := make(map[[4]byte]bool, len(data)/4)
	for ; len(data) > 0; data = data[4:] {
		known[[4]byte(data)] = true
	}
	return known
}

func fingerprint(v string) (print [4]byte) {
	h := fnv.New32a()
	h.Write([]byte(v))
	h.Sum(print[:0])
	return print
}

// Since are the variables that the shell in which a shim is called has set since it
// entered the project.
func (c Called) Since() []string {
	outer, entered := os.LookupEnv(Outer)
	if !entered {
		return nil
	}
	data, err := base64.RawURLEncoding.DecodeString(outer)
	if err != nil || len(data)%4 != 0 {
		return nil
	}
	known := fingerprintsIn(data)
	return slices.DeleteFunc(slices.Clone(c.Environ), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return known[fingerprint(v)] || ofShell(name)
	})
}

// ofShell reports whether a variable belongs to the calling shell, or is one that
// a confined command has of its own.
func ofShell(name string) bool {
	switch name {
	case "PATH", "HOME", "PWD", "OLDPWD", "SHLVL", "SHELL", "_", "TMPDIR", "TMP", "TEMP", "TEMPDIR", "NIX_BUILD_TOP", "NIX_GCROOT", "IN_NIX_SHELL",
		"PS1", "PS2", "PROMPT_COMMAND", "BASH_ENV", "ENV", "NIX_ATTRS_SH_FILE", "NIX_ATTRS_JSON_FILE", "XDG_DATA_DIRS":
		return true
	}
	return strings.HasPrefix(name, "PURITY_") || strings.HasPrefix(name, "DIRENV_") || strings.HasPrefix(name, "BASH_FUNC_")
}
