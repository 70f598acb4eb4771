package enforce

import (
	"strconv"
	"strings"
)

// Jobserver returns the descriptors of the jobserver that a MAKEFLAGS value
// names (--jobserver-auth=R,W of GNU make 4.2, --jobserver-fds before), so
// that they can be kept open. A jobserver that is a named pipe has none.
func Jobserver(makeflags string) []int {
	var fds []int
	for word := range strings.FieldsSeq(makeflags) {
		value, ok := strings.CutPrefix(word, "--jobserver-auth=")
		if !ok {
			value, ok = strings.CutPrefix(word, "--jobserver-fds=")
		}
		read, write, both := strings.Cut(value, ",")
		r, errRead := strconv.Atoi(read)
		w, errWrite := strconv.Atoi(write)
		if ok && both && errRead == nil && errWrite == nil && r >= 0 && w >= 0 {
			fds = []int{r, w} // the last one counts, as for make
		}
	}
	return fds
}
