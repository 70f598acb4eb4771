package observe

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// process says who a thread is.
func process(pid uint32) Process {
	proc := fmt.Sprintf("/proc/%d/", pid)
	p := Process{PID: int(pid)}
	p.Program, _ = os.Readlink(proc + "exe") // what cannot be known is left empty
	p.Dir, _ = os.Readlink(proc + "cwd")
	if data, err := os.ReadFile(proc + "cmdline"); err == nil {
		p.Args = strings.Split(strings.TrimRight(string(data), "\x00"), "\x00")
	}
	if data, err := os.ReadFile(proc + "environ"); err == nil {
		p.Environ = strings.Split(strings.TrimRight(string(data), "\x00"), "\x00")
	}
	if data, err := os.ReadFile(proc + "status"); err == nil {
		for line := range strings.Lines(string(data)) {
			if value, ok := strings.CutPrefix(line, "Tgid:"); ok {
				p.PID, _ = strconv.Atoi(strings.TrimSpace(value))
			}
			if value, ok := strings.CutPrefix(line, "PPid:"); ok {
				p.Parent, _ = os.Readlink("/proc/" + strings.TrimSpace(value) + "/exe")
			}
		}
	}
	return p
}
