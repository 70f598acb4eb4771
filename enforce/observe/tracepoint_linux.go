package observe

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Tracepoints are where the kernel reports denials of Landlock, from Linux 7.3, in
// an instance of its tracing that is ours (Documentation/trace/ftrace.rst): others
// that trace do not notice.
type Tracepoints struct {
	dir      string // the instance
	pipe     int
	assumed  string // directory of processes that are gone
	followed bool
	done     chan struct{} // all is read
	removed  chan struct{}
	rest     []byte // the beginning of a line
	seen     map[string]bool
	made     []domain
	refused  []refusal
}

type domain struct {
	pid        int
	id, parent string
}

type refusal struct {
	domain string
	early  bool // the program that made the domain was refused it
	Denial
}

// instance is how ours are named; the number is of the process.
const instance = "purity-"

var errNumbers = errors.New("process numbers are not those of the kernel here")

// OpenTracepoints begins to trace, which takes root. The error says why there is
// no tracing.
func OpenTracepoints() (*Tracepoints, error) {
	if info, err := os.Stat("/proc/self/ns/pid"); err != nil || info.Sys().(*syscall.Stat_t).Ino != 0xEFFFFFFC { // PROC_PID_INIT_INO
		return nil, errors.Join(errNumbers, err)
	}
	top := "/sys/kernel/tracing"
	if _, err := os.Stat(top + "/instances"); err != nil {
		top = "/sys/kernel/debug/tracing"
	}
	if _, err := os.Stat(top + "/events/landlock"); err != nil {
		return nil, err
	}
	sweep(top + "/instances")
	t := &Tracepoints{pipe: -1, done: make(chan struct{}), removed: make(chan struct{}), seen: map[string]bool{}}
	t.dir = filepath.Join(top, "instances", instance+strconv.Itoa(os.Getpid()))
	if err := os.Mkdir(t.dir, 0o700); err != nil {
		return nil, err
	}
	if err := t.begin(); err != nil {
		t.remove()
		return nil, err
	}
	return t, nil
}

// sweep removes instances of processes that are gone, by SIGKILL.
func sweep(instances string) {
	left, _ := filepath.Glob(filepath.Join(instances, instance+"*")) // the pattern is well-formed
	for _, dir := range left {
		pid, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(dir), instance))
		if err == nil && (pid == os.Getpid() || errors.Is(unix.Kill(pid, 0), unix.ESRCH)) {
			unix.Rmdir(dir)
		}
	}
}

// begin switches the events on that are needed. The buffer, one for each
// processor, is small, and reports its events at once: those that do not fit are
// lost, and confirm nothing.
func (t *Tracepoints) begin() (err error) {
	if t.pipe, err = unix.Open(t.dir+"/trace_pipe", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0); err != nil {
		return fmt.Errorf("open %s/trace_pipe: %w", t.dir, err)
	}
	for _, setting := range [][2]string{
		{"buffer_size_kb", "256"}, {"buffer_percent", "0"},
		{"events/landlock/landlock_create_domain/enable", "1"},
		{"events/landlock/landlock_deny_access_fs/enable", "1"},
		{"events/landlock/landlock_deny_access_net/enable", "1"},
	} {
		if err := os.WriteFile(filepath.Join(t.dir, setting[0]), []byte(setting[1]), 0); err != nil {
			return err
		}
	}
	return nil
}

// remove ends tracing. An instance that cannot be removed, because a process reads it, is
// swept by a later run.
func (t *Tracepoints) remove() {
	if t.pipe >= 0 {
		unix.Close(t.pipe)
	}
	unix.Rmdir(t.dir)
	close(t.removed)
}

// Close ends tracing. Where it is followed, the descriptor stop must be readable.
func (t *Tracepoints) Close() {
	if !t.followed {
		t.remove()
	}
	<-t.removed
}

// Follow reads until the descriptor stop can be read, and the rest of the events:
// who is refused something writes it, before the system call ends. It has to be
// read at once, as it is with an [AuditLog].
func (t *Tracepoints) Follow(stop int, dir string) {
	t.assumed, t.followed = dir, true
	go func() {
		defer t.remove()
		defer close(t.done)
		for ready(t.pipe, stop, -time.Millisecond) {
			if !t.receive() {
				ready(-1, stop, 10*time.Millisecond) // settings of the machine can have poll(2) never wait
			}
		}
		for t.receive() {
		}
	}()
}

// receive takes in some lines.
func (t *Tracepoints) receive() bool {
	var data [16 << 10]byte
	n, err := unix.Read(t.pipe, data[:])
	if err != nil || n <= 0 {
		return errors.Is(err, unix.EINTR)
	}
	t.rest = append(t.rest, data[:n]...)
	for {
		line, rest, ok := bytes.Cut(t.rest, []byte("\n"))
		if !ok {
			return true
		}
		t.take(string(line))
		t.rest = rest
	}
}

// take takes in the event of a line, once: a denial may come often.
func (t *Tracepoints) take(line string) {
	e, ok := parseTrace(line)
	key := e.name + " " + e.text
	if !ok || t.seen[key] || len(t.seen) >= most {
		return
	}
	t.seen[key] = true
	r := refusal{domain: field(e.text, "domain"), early: field(e.text, "same_exec") != "0"}
	right, _, _ := strings.Cut(field(e.text, "blockers"), "|")
	switch e.name {
	case "landlock_create_domain":
		t.made = append(t.made, domain{pid: e.thread, id: r.domain, parent: field(e.text, "parent")})
		return
	case "landlock_deny_access_fs":
		_, last, _ := strings.Cut(e.text, " path=")
		path, whole := unescape(last)
		r.Denial, ok = refusedFile(right, path)
		ok = ok && whole
	case "landlock_deny_access_net":
		address := "*:" + field(e.text, "port") // of whom, it does not tell
		r.Denial, ok = refusedPort(right, address, address)
	default:
		return
	}
	if ok {
		r.By = t.who(e, r.Denial)
		t.refused = append(t.refused, r)
	}
}

// who is the process of a thread, if it is still the same.
func (t *Tracepoints) who(e traced, d Denial) Process {
	comm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", e.thread))
	if p := process(uint32(e.thread), d); p.Dir != "" && strings.TrimSuffix(string(comm), "\n") == e.comm {
		return p
	}
	return Process{PID: e.thread, Dir: t.assumed}
}

// Denials are those of Landlock in the domain that a process made for itself,
// once all is read, and in the domains within. Whatever was lost, another domain
// is never taken for it: those that the command makes have a parent.
//
// The kernel tells paths from the root of all mounts. That this is the root here,
// too, shows in the canary, who was refused to list it.
func (t *Tracepoints) Denials(pid int) []Denial {
	<-t.done
	ours, within, sameRoot := "", map[string]bool{}, false
	for _, d := range t.made {
		if ours == "" && d.pid == pid && d.parent == "0" {
			ours = d.id
		}
		within[d.id] = ours != "" && (d.parent == ours || within[d.parent])
	}
	var all []Denial
	for _, r := range t.refused {
		switch {
		case within[r.domain]:
			r.Nested = true
		case ours == "" || r.domain != ours:
			continue
		case r.early:
			sameRoot = sameRoot || r.Path == "/" && r.Access == "read"
			continue
		}
		all = append(all, r.Denial)
	}
	if !sameRoot {
		return nil
	}
	return all
}

// traced is a line of a trace.
type traced struct {
	thread           int
	comm, name, text string
}

// Before a line's event stands a name of at most 15 bytes, which can be
// any, in 16 columns; too few to look like the rest.
var traceLine = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?s)^(.{0,16}?)-(\d+) +(?:\( *[-\d]+\) )?\[\d+\] \S+ +[\d.]+: (landlock_\w+): (.*)$`)
})

func parseTrace(line string) (traced, bool) {
	m := traceLine().FindStringSubmatch(line)
	if m == nil {
		return traced{}, false
	}
	thread, err := strconv.Atoi(m[2])
	return traced{thread: thread, comm: strings.TrimLeft(m[1], " "), name: m[3], text: m[4]}, err == nil
}

// unescape reads a path as a tracepoint writes it, which has no blank and nothing
// that cannot be printed (ESCAPE_SPECIAL and ESCAPE_OCTAL of lib/string_helpers.c).
func unescape(text string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			b.WriteByte(text[i])
			continue
		}
		i++
		if i == len(text) {
			return "", false
		}
		if at := strings.IndexByte(`nrtvfae\"`, text[i]); at >= 0 {
			b.WriteByte("\n\r\t\v\f\a\x1b\\\""[at])
			continue
		}
		code, err := strconv.ParseUint(text[i:min(i+3, len(text))], 8, 8)
		if err != nil || i+3 > len(text) {
			return "", false
		}
		b.WriteByte(byte(code))
		i += 2
	}
	return b.String(), true
}
