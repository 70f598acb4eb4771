package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/fixtures"
)

// The descriptors of make's jobserver stay open, watched or not; no other descriptor does,
// wherever it is named.
func TestJobserverDescriptors(t *testing.T) {
	t.Parallel()
	u := newUser(t, "self", fixtures.Newest(t))
	dir := u.project(t, "c")
	u.run(t, 0, dir, "exec", "--", "true")
	outside := filepath.Join(u.dir, "outside")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	opened := func(fd int, err error) *os.File {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		f := os.NewFile(uintptr(fd), "descriptor")
		t.Cleanup(func() { f.Close() })
		return f
	}
	flags := func(path string, flags int) *os.File { return opened(unix.Open(path, flags|unix.O_CLOEXEC, 0)) }
	pipe := func() *os.File {
		var fds [2]int
		err := unix.Pipe2(fds[:], unix.O_CLOEXEC)
		opened(fds[1], err)
		return opened(fds[0], err)
	}
	socket := func() *os.File {
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		opened(pair[1], err)
		return opened(pair[0], err)
	}
	const said = "MAKEFLAGS= -j4 --jobserver-auth=3,3"
	for _, tt := range []struct {
		name    string
		file    *os.File
		calling string // the flags in the environment of purity
		args    []string
		open    bool
	}{
		{"a pipe", pipe(), said, []string{"--keep", "MAKEFLAGS"}, true},
		{"a pipe, watched", pipe(), said, []string{"--keep", "MAKEFLAGS", "--explain=files"}, true},
		{"a pipe, and flags that the command does not get", pipe(), said, nil, false},
		{"a pipe that an option names", pipe(), "", []string{"--set", said}, false},
		{"another pipe than make's", pipe(), "MAKEFLAGS= -j4 --jobserver-auth=4,5", []string{"--set", said}, false},
		{"a pipe that make and an option name", pipe(), said, []string{"--set", said + " -k"}, true},
		{"a file", flags(outside, unix.O_RDONLY), said, []string{"--keep", "MAKEFLAGS"}, false},
		{"a file, watched", flags(outside, unix.O_RDONLY), said, []string{"--keep", "MAKEFLAGS", "--explain=files"}, false},
		{"a file by path alone", flags(outside, unix.O_PATH), said, []string{"--keep", "MAKEFLAGS"}, false},
		{"a directory", flags("/", unix.O_RDONLY), said, []string{"--keep", "MAKEFLAGS"}, false},
		{"a device", flags("/dev/null", unix.O_RDWR), said, []string{"--keep", "MAKEFLAGS"}, false},
		{"a socket", socket(), said, []string{"--keep", "MAKEFLAGS"}, false},
	} {
		args := append(append([]string{"exec", "-q"}, tt.args...), "--", "sh", "-c", "if (: <&3) 2> /dev/null; then echo open; else echo closed; fi")
		cmd := u.command(t, dir, args...)
		cmd.Env = append(cmd.Env[:len(cmd.Env):len(cmd.Env)], tt.calling)
		cmd.ExtraFiles = []*os.File{tt.file}
		out, err := cmd.Output()
		if want := map[bool]string{true: "open\n", false: "closed\n"}[tt.open]; err != nil || string(out) != want {
			t.Errorf("%s: %v, %q, want %q", tt.name, err, out, want)
		}
	}
}

// A command can open a jobserver that is a named pipe if it gets make's flags; not another
// pipe, and no other file of that name.
func TestJobserverPipe(t *testing.T) {
	t.Parallel()
	u := newUser(t, "self", fixtures.Newest(t))
	dir := u.project(t, "c")
	u.run(t, 0, dir, "exec", "--", "true")
	for _, name := range []string{"GMfifo17", "other"} {
		if err := unix.Mkfifo(filepath.Join(u.dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(u.dir, "GMfifo18"), []byte("token"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"GMfifo17", []string{"--keep", "MAKEFLAGS"}, "token"},
		{"GMfifo17", []string{"--keep", "MAKEFLAGS", "--explain=files"}, "token"},
		{"GMfifo17", nil, "refused\n"},
		{"other", []string{"--keep", "MAKEFLAGS"}, "refused\n"},
		{"GMfifo18", []string{"--keep", "MAKEFLAGS"}, "refused\n"},
	} {
		pipe := filepath.Join(u.dir, tt.name)
		cmd := u.command(t, dir, append(append([]string{"exec", "-q"}, tt.args...), "--", "sh", "-c", `exec 2> /dev/null; test -e "$1" && (: <> "$1") && { exec 5<> "$1"; printf token >&5; head -c 5 <&5; } || echo refused`, "sh", pipe)...)
		cmd.Env = append(cmd.Env[:len(cmd.Env):len(cmd.Env)], "MAKEFLAGS= -j4 --jobserver-auth=fifo:"+pipe)
		if out, err := cmd.Output(); err != nil || string(out) != tt.want {
			t.Errorf("%s %q: %v, %q, want %q", tt.name, tt.args, err, out, tt.want)
		}
	}
}

// A confined make takes its jobs from the make that called purity.
func TestJobserverOfMake(t *testing.T) {
	t.Parallel()
	u := newUser(t, "self", fixtures.Newest(t))
	dir := u.project(t, "c")
	u.run(t, 0, dir, "exec", "--", "true")
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("outer.mk", "all:\n\t+"+binary(t)+" exec -q --keep MAKEFLAGS -- make -f inner.mk\n")
	write("inner.mk", "all: a b\na:\n\t@echo a > a.made\nb:\n\t@echo b > b.made\n")
	cmd := u.command(t, dir)
	cmd.Path, cmd.Args = "/usr/bin/make", []string{"make", "-s", "-j2", "-f", "outer.mk"}
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), "jobserver") {
		t.Errorf("%v\n%s", err, out)
	}
	for _, name := range []string{"a.made", "b.made"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	// Without the jobserver there is a warning.
	write("outer.mk", "all:\n\t+"+binary(t)+" exec -q --set MAKEFLAGS=\"$$MAKEFLAGS\" -- sh -c 'exec 3<&- 4>&-; make -f inner.mk'\n")
	cmd = u.command(t, dir)
	cmd.Path, cmd.Args = "/usr/bin/make", []string{"make", "-s", "-j2", "-f", "outer.mk"}
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "jobserver unavailable") {
		t.Errorf("%v\n%s", err, out)
	}
}
