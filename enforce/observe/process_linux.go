package observe

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"unique"

	"golang.org/x/sys/unix"
)

// process says who a thread is, as far as it matters to a denial: of its
// arguments and its environment there can be megabytes.
func process(pid uint32, d Denial) Process {
	proc := fmt.Sprintf("/proc/%d/", pid)
	p := Process{PID: int(pid)}
	p.status()
	p.Program = program(pid)
	p.Dir, _ = os.Readlink(proc + "cwd")
	p.Args = bounded(words(proc + "cmdline"))
	p.Above = p.above()
	p.Starter, p.StarterArgs = p.starter()
	for _, variable := range words(proc + "environ") {
		if names(variable, d.Path) || names(variable, d.Real) {
			p.Environ = append(p.Environ, strings.Clone(variable))
		}
	}
	return p
}

// program is the file that a thread runs; unknown parts are empty.
func program(pid uint32) string {
	file, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	return file
}

func words(file string) []string {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimRight(string(data), "\x00"), "\x00")
}

// bounded is the beginning of arguments that are many.
func bounded(args []string) []string {
	const most = 4096
	size := 0
	for i, arg := range args {
		if size += len(arg) + 1; size > most {
			return append(args[:i:i], "…")
		}
	}
	return args
}

// names reports whether the value of a variable has a path in it that is this
// one or leads to it: PATH=/usr/bin, CFLAGS="-O2 -I/usr/include".
func names(variable, path string) bool {
	_, value, _ := strings.Cut(variable, "=")
	for entry := range strings.FieldsFuncSeq(value, func(r rune) bool { return strings.ContainsRune(": ;,=", r) }) {
		slash := strings.IndexByte(entry, '/')
		if slash < 0 {
			continue
		}
		dir := strings.TrimRight(entry[slash:], "/")
		if rest, ok := strings.CutPrefix(path, dir); ok && dir != "" && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}

// status finds out which process a thread is of, and the program of its
// parent.
func (p *Process) status() (parent int) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, "Tgid:"); ok {
			p.PID, _ = strconv.Atoi(strings.TrimSpace(value))
		}
		if value, ok := strings.CutPrefix(line, "PPid:"); ok {
			parent, _ = strconv.Atoi(strings.TrimSpace(value))
			p.Parent, _ = os.Readlink(fmt.Sprintf("/proc/%d/exe", parent))
		}
	}
	return parent
}

// above are the processes that p descends from, the nearest first.
func (p *Process) above() []Ancestor {
	const most = 12 // levels
	var all []Ancestor
	at := Process{PID: p.PID}
	for range most {
		at.PID = at.status()
		if at.PID <= 1 {
			break
		}
		proc := fmt.Sprintf("/proc/%d/", at.PID)
		// Many denials have the same ancestors, and share their texts.
		args := unique.Make(strings.Join(bounded(words(proc+"cmdline")), "\x00")).Value()
		a := Ancestor{Args: strings.Split(args, "\x00")}
		a.Program, _ = os.Readlink(proc + "exe")
		all = append(all, a)
	}
	return all
}

// starter is the nearest process above that runs another program: a shell forks
// for most of its tasks.
func (p *Process) starter() (program string, args []string) {
	for _, a := range p.Above {
		if a.Program != p.Program {
			return a.Program, a.Args
		}
	}
	return "", nil
}

// group is the process that a thread is of, which /proc/self means.
func group(thread uint32) int {
	p := Process{PID: int(thread)}
	p.status()
	return p.PID
}

// asWatched gives the thread of this goroutine the rights to files that watched
// processes have, which may be root's without its capabilities. That of looking
// at them it keeps. The thread ends with the goroutine.
func asWatched(keep uint64) {
	runtime.LockOSThread()
	keep |= 1 << unix.CAP_SYS_PTRACE
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if unix.Capget(&header, &sets[0]) != nil {
		return
	}
	for i := range sets {
		sets[i].Effective &= uint32(keep >> (32 * i))
	}
	unix.Capset(&header, &sets[0]) // to have less is always allowed
}
