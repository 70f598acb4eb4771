package observe

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// The events of Linux 7.3 for a command of process 98 that is denied files and a
// port, and makes a domain within its own; other domains beside it.
const traced73 = `            init-98      [000] .B...     8.639547: landlock_create_domain: domain=a1 parent=0 ruleset=17a7bee35.10
            init-98      [000] .l...     8.643416: landlock_deny_access_fs: domain=a1 same_exec=1 logged=0 blockers=read_dir dev=0:3 ino=1 path=/
           other-70      [001] .....     8.643500: landlock_create_domain: domain=b0 parent=0 ruleset=17a7bee40.1
           other-70      [001] .....     8.643600: landlock_deny_access_fs: domain=b0 same_exec=0 logged=1 blockers=read_file dev=0:3 ino=9 path=/not/ours
             sed-104     [001] .....     8.983209: landlock_deny_access_fs: domain=a1 same_exec=0 logged=1 blockers=read_file dev=0:3 ino=11 path=/odd/new\nline\040\303\251
CPU:1 [LOST 12 EVENTS]
             sed-104     [001] .....     8.983309: landlock_deny_access_fs: domain=a1 same_exec=0 logged=1 blockers=read_file dev=0:3 ino=11 path=/odd/new\nline\040\303\251
           paths-106     (     98) [000] .l...     9.157870: landlock_deny_access_fs: domain=a1 same_exec=0 logged=1 blockers=execute|read_file dev=0:3 ino=13 path=/bin/purity
 a
l-3 [000]-98      [000] .l...     9.107216: landlock_deny_access_fs: domain=a1 same_exec=0 logged=1 blockers=make_reg dev=0:3 ino=14 path=/odd
            init-96      [000] .N...    17.824154: landlock_deny_access_net: domain=a1 same_exec=0 logged=1 blockers=connect_tcp port=81
            init-96      [000] .....    17.959149: landlock_deny_access_net: domain=a1 same_exec=0 logged=1 blockers=bind_tcp port=83
            init-104     [000] .l...     9.326472: landlock_deny_scope_signal: domain=a1 same_exec=0 logged=1 target_domain=0 target_pid=1 target_comm=init
             exe-130     [000] .....    23.297555: landlock_create_domain: domain=a2 parent=a1 ruleset=1964a00b9.0
             exe-130     [000] .....    23.314020: landlock_deny_access_fs: domain=a2 same_exec=1 logged=1 blockers=read_file dev=0:27 ino=9 path=/nested
              ld-131     [000] .....    23.400000: landlock_deny_access_fs: domain=a1 same_exec=0 logged=1 blockers=read_file dev=0:27 ino=9 path=
              ld-131     [000] .....    23.400001: landlock_deny_access_fs: domain=a1 same_exec=0 logged=1 blockers=read_file dev=0:27 ino=9 path=/cut\04
`

// follow has lines read as a kernel's.
func follow(t *testing.T, lines string) *Tracepoints {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pipe")
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	pipe, err := unix.Open(file, unix.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	stop, err := unix.Eventfd(1, unix.EFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(stop)
	points := &Tracepoints{pipe: pipe, dir: t.TempDir(), done: make(chan struct{}), removed: make(chan struct{}), seen: map[string]bool{}}
	points.Follow(stop, "/project")
	points.Close()
	if _, err := os.Stat(points.dir); err == nil {
		t.Error("the instance remains")
	}
	return points
}

func brief(denials []Denial) string {
	var b strings.Builder
	for _, d := range denials {
		fmt.Fprintf(&b, "%s %s %q %s confirmed=%t\n", d.Access, d.Kind, d.Real+d.Address, d.Errno, d.Confirmed)
	}
	return b.String()
}

// The kernel's events confirm predictions, and add denials that were
// not, and nothing else.
func TestTracepoints(t *testing.T) {
	predicted := []Denial{
		{Path: "/odd/new", Real: "/odd/new", Access: "write", Kind: "data", Errno: "EACCES"},
		{Path: "/nested", Real: "/nested", Access: "read", Kind: "data", Errno: "EACCES"},
		{Path: "/not/ours", Real: "/not/ours", Access: "read", Kind: "data", Errno: "EACCES"},
		{Address: "192.0.2.1:81", Access: "connect", Kind: "port", Errno: "EACCES"},
	}
	want := `execute program "/bin/purity" EACCES confirmed=true
read data "/nested" EACCES confirmed=true
read data "/not/ours" EACCES confirmed=false
write data "/odd/new" EACCES confirmed=true
read data "/odd/new\nline é" EACCES confirmed=true
listen port "*:83" EACCES confirmed=true
connect port "192.0.2.1:81" EACCES confirmed=true
`
	points := follow(t, traced73)
	if got := brief(Confirm(predicted, points.Denials(98))); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := brief(points.Denials(130)); got != "" {
		t.Errorf("a domain within another is taken for one of ours:\n%s", got)
	}
	if got := brief(Confirm(nil, points.Denials(98))); strings.Contains(got, "nested") {
		t.Errorf("what another policy refuses is added:\n%s", got)
	}
}

// A lost event, or one from another root directory, confirms nothing.
func TestTracepointsLost(t *testing.T) {
	lines := strings.SplitAfter(traced73, "\n")
	for what, text := range map[string]string{
		"the domain":   strings.Join(lines[1:], ""),
		"the canary":   strings.Join(append(lines[:1:1], lines[2:]...), ""),
		"another root": strings.ReplaceAll(traced73, "path=/", "path=/chroot/"),
	} {
		if got := follow(t, text).Denials(98); len(got) != 0 {
			t.Errorf("%s: %s", what, brief(got))
		}
	}
}

// FuzzTraced writes lines as the kernel does: whatever a program and a file are
// named, reading returns the written name.
func FuzzTraced(f *testing.F) {
	for _, comm := range []string{"sh", "a b", "x-1 [000] ....", "n\nl-3 [000]", "a-1 [0] . 1.1: ", "<...>", "", "\xff\x1b"} {
		f.Add(comm, "/odd/"+comm)
		f.Add(comm, "/ x-1 [000] ..... 5.39: landlock_deny_access_fs: domain=1 path=/etc")
	}
	f.Fuzz(func(t *testing.T, comm, path string) {
		comm = comm[:min(len(comm), 15)]
		if strings.Contains(comm+path, "\x00") {
			return
		}
		text := "domain=1f same_exec=0 logged=1 blockers=read_file dev=0:3 ino=11 path=" + escape(path)
		all := strings.Repeat(" ", 16-len(comm)) + comm + fmt.Sprintf("-%-7d [%03d] %s %5d.%06d: landlock_deny_access_fs: %s", 98, 0, ".....", 8, 983209, text)
		line := all[strings.LastIndex(all, "\n")+1:]
		e, ok := parseTrace(line)
		if !ok || e.thread != 98 || e.name != "landlock_deny_access_fs" || e.text != text {
			t.Fatalf("%q: read as %+v", line, e)
		}
		_, last, _ := strings.Cut(e.text, " path=")
		if got, ok := unescape(last); !ok || got != path {
			t.Errorf("%q: read as %q, want %q", line, got, path)
		}
		unescape(path) // whatever it is
		parseTrace(path)
	})
}

// escape does as __trace_print_untrusted_str does.
func escape(path string) string {
	short := map[byte]string{'\n': `\n`, '\r': `\r`, '\t': `\t`, '\v': `\v`, '\f': `\f`, '\a': `\a`, '\x1b': `\e`, '\\': `\\`, '"': `\"`}
	var b strings.Builder
	for i := range len(path) {
		switch c := path[i]; {
		case short[c] != "":
			b.WriteString(short[c])
		case c <= ' ' || c >= 0x7f || c == '=' || c == '\'':
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
