package enforce

import (
	"path/filepath"
	"strconv"
	"strings"
)

// Jobserver returns the descriptors of the jobserver that a MAKEFLAGS value
// names (--jobserver-auth=R,W of GNU make 4.2, --jobserver-fds before), so
// that they can be kept open; nil if it names none.
func Jobserver(makeflags string) []int {
	read, write, _ := strings.Cut(jobserver(makeflags), ",")
	r, errRead := strconv.Atoi(read)
	w, errWrite := strconv.Atoi(write)
	if errRead != nil || errWrite != nil || r < 0 || w < 0 {
		return nil
	}
	return []int{r, w}
}

// JobserverPipe returns the named pipe that is the jobserver of a MAKEFLAGS value
// (--jobserver-auth=fifo:PATH of GNU make 4.4), empty if it names none. No other file
// has such a name (GNU make, src/posixos.c, FIFO_PREFIX).
func JobserverPipe(makeflags string) string {
	path, ok := strings.CutPrefix(jobserver(makeflags), "fifo:")
	if !ok || !filepath.IsAbs(path) || !strings.HasPrefix(filepath.Base(path), "GMfifo") {
		return ""
	}
	return path
}

// jobserver is the part of a MAKEFLAGS value about the jobserver; the last word counts, as
// for make.
func jobserver(makeflags string) (said string) {
	for word := range strings.FieldsSeq(makeflags) {
		for _, flag := range []string{"--jobserver-auth=", "--jobserver-fds="} {
			if value, ok := strings.CutPrefix(word, flag); ok {
				said = value
			}
		}
	}
	return said
}
