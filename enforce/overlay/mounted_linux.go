package overlay

import (
	"os"
	"strings"
)

// Mounted reports whether this process sees a directory as an overlay that was mounted
// there (proc_pid_mountinfo(5): the fifth field is the mount point, the type of the file
// system follows a dash).
func Mounted(dir string) bool {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(data)) {
		before, after, _ := strings.Cut(line, " - ")
		fields := strings.Fields(before)
		if len(fields) > 4 && unescape.Replace(fields[4]) == dir {
			return strings.HasPrefix(after, "overlay purity ") // the last one hides those before
		}
	}
	return false
}

var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
