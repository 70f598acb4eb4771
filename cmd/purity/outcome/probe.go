package outcome

import (
	"path"

	"github.com/nix-purity/purity/cmd/purity/cause"
	"github.com/nix-purity/purity/enforce/observe"
)

// probes are files that runtimes try at every start and do without: whether they are there
// or refused, a program does the same.
var probes = []struct{ access, pattern, of string }{
	{"write", "/proc/self/coredump_filter", "Java"},
	{"read", "/sys/kernel/mm/hugepages", "Java"},
	{"read", "/sys/kernel/mm/hugepages/*", "Java"},
	{"read", "/sys/kernel/mm/hugepages/*/*", "Java"},
	{"read", "/tmp/hsperfdata_*", "Java"},
	{"write", "/tmp/hsperfdata_*", "Java"},
	{"read", "/tmp/hsperfdata_*/*", "Java"}, // of other JVMs: it looks for those that are gone
	{"write", "/tmp/hsperfdata_*/*", "Java"},
	{"read", "/usr/share/locale/locale.alias", "glibc"},
	{"read", "/usr/lib*/gconv/gconv-modules*", "glibc"},
	{"read", "/usr/lib/*/gconv/gconv-modules*", "glibc"},
}

// probe reports whether a denial is of such a file.
func probe(d observe.Denial) bool {
	name := cause.OwnName(d, d.Path)
	for _, p := range probes {
		if matched, err := path.Match(p.pattern, name); err == nil && matched && d.Access == p.access {
			return true
		}
	}
	return false
}
