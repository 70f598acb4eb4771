package outcome

import (
	"testing"

	"github.com/nix-purity/purity/enforce/observe"
)

// What runtimes do without at every start is no finding; what lies beside it is.
func TestProbe(t *testing.T) {
	for _, c := range []struct {
		access, path string
		want         bool
	}{
		{"read", "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", true},
		{"write", "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", false},
		{"write", "/tmp/hsperfdata_me", true},
		{"read", "/tmp/hsperfdata_me/4711", true},
		{"write", "/tmp/hsperfdata_me/4711", true},
		{"execute", "/tmp/hsperfdata_me/4711", false},
		{"read", "/tmp/hsperfdata_me/sub/4711", false},
		{"read", "/tmp/other/4711", false},
		{"read", "/usr/lib/x86_64-linux-gnu/gconv/gconv-modules.cache", true},
		{"read", "/usr/lib/x86_64-linux-gnu/gconv/UTF-16.so", false},
	} {
		if got := probe(observe.Denial{Path: c.path, Access: c.access}); got != c.want {
			t.Errorf("probe of %s %s is %v", c.access, c.path, got)
		}
	}
}
