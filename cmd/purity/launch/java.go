package launch

import (
	"slices"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/confine"
	"github.com/nix-purity/purity/nixeval"
)

// javaVariable has options for every JVM (JVM Tool Interface, "JAVA_TOOL_OPTIONS").
const javaVariable = "JAVA_TOOL_OPTIONS"

// java adds options for HOME and TMPDIR if the environment has a Java. Without them Java reads
// neither variable, and uses the home directory of the user database, and /tmp. Existing
// options come last, and win.
func java(p confine.Plan, environ []string, home, temp string) []string {
	if p.InView() || slices.Contains(p.Unset, javaVariable) || nixeval.Find("java", p.Env.Path()) == "" {
		return environ
	}
	return javaOptions(environ, home, temp)
}

func javaOptions(environ []string, home, temp string) []string {
	options := javaOption("user.home", home) + " " + javaOption("java.io.tmpdir", temp)
	i := slices.IndexFunc(environ, func(v string) bool { return strings.HasPrefix(v, javaVariable+"=") })
	if i < 0 {
		return append(environ, javaVariable+"="+options)
	}
	environ = slices.Clone(environ)
	_, said, _ := strings.Cut(environ[i], "=")
	environ[i] = javaVariable + "=" + options + " " + said
	return environ
}

// javaOption sets a property, in quotes where blanks would end it.
func javaOption(property, value string) string {
	option := "-D" + property + "=" + value
	if strings.ContainsAny(value, " \t") {
		return "'" + option + "'"
	}
	return option
}
