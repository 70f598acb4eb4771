package observe

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
)

// Rules of all directories above a path add up; links are followed first.
func TestJudge(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{"project/sub", "store/a", "outside"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(dir+"/outside", dir+"/store/link"); err != nil {
		t.Fatal(err)
	}
	j := newJudge(enforce.Policy{
		Grants: []enforce.Grant{
			{Path: dir + "/project", Access: enforce.Read},
			{Path: dir + "/project/sub", Access: enforce.Write},
			{Path: dir + "/store/a", Access: enforce.Read | enforce.Execute, NoFollow: true},
			{Path: dir + "/store/link", Access: enforce.Read, NoFollow: true},
			{Path: dir + "/absent", Access: enforce.All, Optional: true},
		},
		Network: enforce.Network{Connect: []uint16{443}},
	}, Unenforced)
	for path, want := range map[string]enforce.Access{
		dir: 0, dir + "/project": enforce.Read, dir + "/project/x": enforce.Read, dir + "/project/sub/x/y": enforce.Read | enforce.Write,
		dir + "/projectile": 0, dir + "/store/a/bin/x": enforce.Read | enforce.Execute, dir + "/outside": 0, "/": 0,
	} {
		if got := enforce.All &^ j.missing(path, enforce.All); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	if !inside(dir+"/store/a/x", j.fixed) || inside(dir+"/project/x", j.fixed) || inside("/", j.fixed) {
		t.Error("the wrong directories are fixed")
	}
	tcp := func(port uint16, listen bool) address { return address{protocol: "TCP", port: port, listen: listen} }
	if !j.port(tcp(443, false)) || j.port(tcp(443, true)) || j.port(tcp(80, false)) || j.port(tcp(0, true)) {
		t.Error("the wrong ports are open")
	}
}

// A denial of a program that is outside itself is no cause of its own.
func TestFold(t *testing.T) {
	by := func(program string) Process { return Process{Program: program} }
	got := fold([]Denial{
		{Real: "/etc/x", Access: "read", By: by("/closure/cat")},
		{Real: "/usr/lib/libc.so", Access: "read", By: by("/usr/bin/gcc")},
		{Real: "/usr/bin/gcc", Access: "execute", By: by("/closure/make")},
		{Real: "/usr/bin/gcc", Access: "read", By: by("/closure/make")},
	})
	want := []Denial{
		{
			Real: "/usr/bin/gcc", Access: "execute", By: by("/closure/make"), Follow: 1,
			Followers: []Denial{{Real: "/usr/lib/libc.so", Access: "read", By: by("/usr/bin/gcc")}},
		},
		{Real: "/etc/x", Access: "read", By: by("/closure/cat")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Whatever a process says for an address, it is an address or none.
func FuzzAddress(f *testing.F) {
	f.Add([]byte{unix.AF_INET, 0, 1, 187, 127, 0, 0, 1}, false)
	f.Add([]byte{unix.AF_UNIX, 0, '/', 'x', 0}, true)
	f.Add([]byte{unix.AF_UNIX, 0, 0, 'x'}, true)
	f.Add(append([]byte{unix.AF_INET6, 0, 1, 187}, make([]byte, 24)...), false)
	tcp, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		f.Fatal(err)
	}
	fd := int32(tcp)
	f.Fuzz(func(t *testing.T, data []byte, listen bool) {
		if len(data) == 0 {
			return
		}
		n := notification{pid: uint32(os.Getpid())}
		targets, err := n.addressed(fd, uint64(uintptr(unsafe.Pointer(&data[0]))), uint32(len(data)), address{listen: listen})
		if err != nil {
			t.Error(err)
		}
		for _, target := range targets {
			if len(data) >= 4 && target.protocol != "" && target.port != binary.BigEndian.Uint16(data[2:]) {
				t.Errorf("%v is %+v", data, target)
			}
		}
	})
}

// The interpreter of a file may be anything.
func TestInterpreter(t *testing.T) {
	dir := t.TempDir()
	header := func(class byte, length uint64, text string) []byte {
		data := make([]byte, 256)
		copy(data, "\x7fELF"+string(class)+"\x01")
		put, little := func(at int, value uint64) { binary.LittleEndian.PutUint32(data[at:], uint32(value)) }, binary.LittleEndian
		if class == 2 {
			little.PutUint64(data[32:], 64)
			little.PutUint16(data[54:], 56)
			little.PutUint16(data[56:], 1)
			put(64, 3)
			little.PutUint64(data[72:], 128)
			little.PutUint64(data[96:], length)
		} else {
			put(28, 64)
			little.PutUint16(data[42:], 32)
			little.PutUint16(data[44:], 1)
			put(64, 3)
			put(68, 128)
			put(80, length)
		}
		copy(data[128:], text)
		return data
	}
	for name, tt := range map[string]struct {
		data []byte
		want interpreter
	}{
		"script":             {[]byte("#!/bin/sh -e\n"), interpreter{path: "/bin/sh"}},
		"blanks":             {[]byte("#! \t/bin/sh\t-e"), interpreter{path: "/bin/sh"}},
		"no interpreter":     {[]byte("#!\n/bin/sh"), interpreter{}},
		"text":               {[]byte("x"), interpreter{}},
		"empty":              {nil, interpreter{}},
		"ELF":                {header(2, 7, "/ld.so"), interpreter{path: "/ld.so", last: true}},
		"ELF of 32 bits":     {header(1, 7, "/ld.so"), interpreter{path: "/ld.so", last: true}},
		"ELF without an end": {header(2, 6, "/ld.so"), interpreter{}},
		"ELF, too long":      {header(2, 1<<46, "/ld.so"), interpreter{}},
		"ELF, short":         {header(2, 7, "/ld.so")[:70], interpreter{}},
		"ELF, very short":    {[]byte("\x7fELF"), interpreter{}},
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, tt.data, 0o755); err != nil {
			t.Fatal(err)
		}
		if got := interpreterOf(file); got.path != tt.want.path || got.path != "" && got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
	if err := unix.Mkfifo(dir+"/pipe", 0o644); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{dir + "/pipe", dir, dir + "/absent", "/dev/zero"} {
		if got := interpreterOf(file); got.path != "" {
			t.Errorf("%s: %+v", file, got)
		}
	}
}

// Whatever a file says, reading it takes no more than the kernel would.
func FuzzInterpreter(f *testing.F) {
	f.Add(append([]byte("\x7fELF\x02\x01"), make([]byte, 64)...))
	f.Add(append([]byte("\x7fELF\x01\x01"), make([]byte, 64)...))
	f.Add([]byte("#!/bin/sh\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := loader(data[:min(len(data), 256)], func(into []byte, at int64) bool {
			if len(into) > 65536 {
				t.Errorf("%d bytes are read", len(into))
			}
			return at >= 0 && at < int64(len(data)) && copy(into, data[at:]) == len(into)
		})
		if len(path) > unix.PathMax || len(shebang(data)) > len(data) {
			t.Errorf("%q", path)
		}
	})
}

// Kinds are told by names as linkers and compilers do.
func TestKind(t *testing.T) {
	for path, want := range map[string]string{
		"/usr/lib/libm.so.6": "library", "/usr/lib/libm.so": "library", "/usr/lib/libm.a": "library", "/usr/lib/libx.so.1.2.3": "library",
		"/etc/ld.so.conf": "data", "/etc/ld.so.cache": "data", "/usr/include/elf.h": "header", "/usr/include/c++/12/vector": "header",
		"/usr/include/c++/12/bits/x.tcc": "data", "/etc/passwd": "data",
	} {
		if got := kind(path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

// Of argv and environ the telling parts are kept, and no more.
func TestProcessIsBounded(t *testing.T) {
	t.Setenv("LONG", strings.Repeat("x", 1<<16))
	t.Setenv("OTHER", "/usr/lib:/etc")
	t.Setenv("FLAGS", "-O2 -I/usr/include")
	cmd := exec.Command("sleep", "60")
	cmd.Args = append(cmd.Args, strings.Fields(strings.Repeat(strings.Repeat("1", 100)+" ", 100))...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	p := process(uint32(cmd.Process.Pid), Denial{Path: "/usr/include/linux/types.h"})
	for len(p.Args) < 2 { // it has just been executed
		p = process(uint32(cmd.Process.Pid), Denial{Path: "/usr/include/linux/types.h"})
	}
	if n := len(strings.Join(p.Args, "")); n > 4096 || p.Args[0] != "sleep" {
		t.Errorf("%d bytes of arguments: %.100v", n, p.Args)
	}
	if diff := cmp.Diff([]string{"FLAGS=-O2 -I/usr/include"}, p.Environ); diff != "" {
		t.Error(diff)
	}
}

// Denials without end are counted for their directories.
func TestCollectionIsBounded(t *testing.T) {
	c := newCollection()
	for i := range 3 * most {
		path := fmt.Sprintf("/out/%d/%d", i%7, i)
		c.add(c.by(1, Denial{Path: path, Real: path, Access: "read", Kind: "data"}))
	}
	all, count := c.Denials(), 0
	for _, d := range all {
		count += d.Count
	}
	if len(all) != most+7 || count != 3*most {
		t.Errorf("%d denials that count for %d", len(all), count)
	}
}

// A denial of two programs is one denial, or one of each where that is asked.
func TestCollectionTellsProgramsApart(t *testing.T) {
	other := exec.Command("sleep", "60")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer other.Wait()
	defer other.Process.Kill()
	for apart, want := range map[bool][]int{false: {4}, true: {3, 1}} {
		c := newCollection()
		c.Apart = apart
		for _, pid := range []int{os.Getpid(), other.Process.Pid, os.Getpid(), os.Getpid()} {
			c.add(c.by(uint32(pid), Denial{Path: "/x", Real: "/x", Access: "read", Kind: "data"}))
		}
		var counts []int
		for _, d := range c.Denials() {
			counts = append(counts, d.Count)
		}
		if diff := cmp.Diff(want, counts); diff != "" {
			t.Errorf("apart %v: %s", apart, diff)
		}
	}
}
