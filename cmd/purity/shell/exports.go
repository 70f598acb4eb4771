package shell

import (
	"fmt"
	"strings"
)

// Exports export variables, NAME=value, in any POSIX shell. Other names are
// left out.
func Exports(variables []string) string {
	var b strings.Builder
	for _, v := range variables {
		if name, value, _ := strings.Cut(v, "="); IsName(name) {
			fmt.Fprintf(&b, "export %s=%s\n", name, Quote(value))
		}
	}
	return b.String()
}
