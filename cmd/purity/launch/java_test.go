package launch

import (
	"slices"
	"testing"
)

// Options that Java has already count, and other words stay.
func TestJavaOptions(t *testing.T) {
	for _, tt := range []struct {
		environ    []string
		home, temp string
		want       []string
	}{
		{[]string{"A=b"}, "/h", "/t", []string{"A=b", "JAVA_TOOL_OPTIONS=-Duser.home=/h -Djava.io.tmpdir=/t"}},
		{[]string{"JAVA_TOOL_OPTIONS=-Xmx1g", "A=b"}, "/h", "/t", []string{"JAVA_TOOL_OPTIONS=-Duser.home=/h -Djava.io.tmpdir=/t -Xmx1g", "A=b"}},
		{nil, "/my home", "/t", []string{"JAVA_TOOL_OPTIONS='-Duser.home=/my home' -Djava.io.tmpdir=/t"}},
	} {
		if got := javaOptions(tt.environ, tt.home, tt.temp); !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, want %q", tt.environ, got, tt.want)
		}
	}
}
