package observe

import (
	"encoding/binary"
	"os"
	"path/filepath"
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
	}, enforce.All)
	for path, want := range map[string]enforce.Access{
		dir: 0, dir + "/project": enforce.Read, dir + "/project/x": enforce.Read, dir + "/project/sub/x/y": enforce.Read | enforce.Write,
		dir + "/projectile": 0, dir + "/store/a/bin/x": enforce.Read | enforce.Execute, dir + "/outside": 0, "/": 0,
	} {
		if got := j.allowed(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	if !j.isFixed(dir+"/store/a/x") || j.isFixed(dir+"/project/x") || j.isFixed("/") {
		t.Error("the wrong directories are fixed")
	}
	if !j.port(443, false) || j.port(443, true) || j.port(80, false) {
		t.Error("the wrong ports are open")
	}
}

// What a program that is outside itself was refused is no cause of its own.
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

// Paths are what the process means by them, from this process's memory.
func TestTargets(t *testing.T) {
	pid := uint32(os.Getpid())
	name, err := unix.BytePtrFromString("../x")
	if err != nil {
		t.Fatal(err)
	}
	cwd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		call string
		args [6]uint64
		want []target
	}{
		{"open", [6]uint64{address(name), unix.O_RDONLY}, []target{{path: "../x", dir: unix.AT_FDCWD, access: enforce.Read}}},
		{"open", [6]uint64{address(name), unix.O_RDWR | unix.O_TRUNC}, []target{{path: "../x", dir: unix.AT_FDCWD, access: enforce.Read | enforce.Write}}},
		{"open", [6]uint64{address(name), unix.O_PATH}, nil},
		{"openat", [6]uint64{7, address(name), unix.O_WRONLY | unix.O_CREAT}, []target{{path: "../x", dir: 7, access: enforce.Write}, {path: "../x", dir: 7, access: enforce.Write, entry: made}}},
		{"execve", [6]uint64{address(name)}, []target{{path: "../x", dir: unix.AT_FDCWD, access: enforce.Execute}}},
		{"unlinkat", [6]uint64{7, address(name)}, []target{{path: "../x", dir: 7, access: enforce.Write, entry: removed}}},
		{"getpid", [6]uint64{}, nil},
	} {
		n := notification{pid: pid, args: tt.args}
		got, err := n.targets(tt.call)
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(target{})); diff != "" || err != nil {
			t.Errorf("%s: %v %s", tt.call, err, diff)
		}
	}
	if got, want := (target{path: "../x", dir: unix.AT_FDCWD}).absolute(pid), filepath.Join(filepath.Dir(cwd), "x"); got != want {
		t.Errorf("../x is %s, want %s", got, want)
	}
	if _, err := (&notification{pid: pid, args: [6]uint64{8}}).targets("open"); err == nil {
		t.Error("a bad address has a path")
	}
}

// Whatever a process says for an address, it is an address or none.
func FuzzAddress(f *testing.F) {
	f.Add([]byte{unix.AF_INET, 0, 1, 187, 127, 0, 0, 1}, false)
	f.Add([]byte{unix.AF_UNIX, 0, '/', 'x', 0}, true)
	f.Add([]byte{unix.AF_UNIX, 0, 0, 'x'}, true)
	f.Add(append([]byte{unix.AF_INET6, 0, 1, 187}, make([]byte, 24)...), false)
	f.Fuzz(func(t *testing.T, data []byte, listen bool) {
		if len(data) == 0 {
			return
		}
		n := notification{pid: uint32(os.Getpid())}
		targets, err := n.addressed(address(&data[0]), uint64(len(data)), listen)
		if err != nil {
			t.Error(err)
		}
		for _, target := range targets {
			if len(data) >= 4 && target.address != "" && target.port != binary.BigEndian.Uint16(data[2:]) {
				t.Errorf("%v is %+v", data, target)
			}
		}
	})
}

func address(p *byte) uint64 { return uint64(uintptr(unsafe.Pointer(p))) }
