package enforce

import (
	"debug/elf"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

func TestAccessString(t *testing.T) {
	for a, want := range map[Access]string{0: "----", Read: "r---", Read | Execute: "r-x-", Read | Write | Ioctl: "rw-i"} {
		if got := a.String(); got != want {
			t.Errorf("%d is %q, want %q", a, got, want)
		}
	}
}

func TestHash(t *testing.T) {
	a, b := Grant{Path: "/a", Access: Read, Reason: "x"}, Grant{Path: "/b", Access: Read}
	same := []Policy{
		{Grants: []Grant{a, b}},
		{Grants: []Grant{b, a, a}},
		{Grants: []Grant{{Path: "/a", Access: Read, Reason: "another"}, b, {Path: "/tmp/1", PerRun: true}}},
	}
	others := []Policy{{}, {Grants: []Grant{a}}, {Grants: []Grant{{Path: "/a", Access: Read | Write}, b}}, {Grants: []Grant{{Path: "/a\x00"}, b}}}
	for i, p := range same {
		if p.Hash() != same[0].Hash() {
			t.Errorf("policy %d has another hash", i)
		}
	}
	for i, p := range others {
		if p.Hash() == same[0].Hash() {
			t.Errorf("other policy %d has the same hash", i)
		}
	}
}

// What each ABI handles is what its kernel knows, and never less than before.
func TestHandled(t *testing.T) {
	last := map[int]uint64{1: ll.AccessFSMakeSym, 2: ll.AccessFSRefer, 3: ll.AccessFSTruncate, 4: ll.AccessFSTruncate, 5: ll.AccessFSIoctlDev, 6: ll.AccessFSIoctlDev, 7: ll.AccessFSIoctlDev, 11: ll.AccessFSIoctlDev}
	for abi, highest := range last {
		got := handled(abi)
		if want := highest<<1 - 1; got.HandledAccessFS != want {
			t.Errorf("ABI %d handles %#x, want %#x", abi, got.HandledAccessFS, want)
		}
		if scoped := got.Scoped != 0; scoped != (abi >= 6) {
			t.Errorf("ABI %d: scopes %v", abi, scoped)
		}
		if got.HandledAccessNet != 0 {
			t.Errorf("ABI %d handles networks", abi)
		}
		if err := checkABI(abi); (err == nil) != (abi >= minABI) {
			t.Errorf("ABI %d: %v", abi, err)
		}
	}
	if err := checkABI(2); err == nil || !strings.Contains(err.Error(), "truncating files; that takes Linux 6.2") {
		t.Errorf("ABI 2: %v", err)
	}
	if r := rights(all | Ioctl); r&(ll.AccessFSMakeChar|ll.AccessFSMakeBlock) != 0 {
		t.Error("device nodes can be made")
	}
}

func TestJobserver(t *testing.T) {
	for flags, want := range map[string][]int{
		"":                              nil,
		" -j2 --jobserver-auth=3,4":     {3, 4},
		"-j --jobserver-fds=5,6 -- A=b": {5, 6},
		"--jobserver-auth=fifo:/tmp/x":  nil,
		"--jobserver-auth=-2,-2":        nil,
		"--jobserver-auth=3":            nil,
		"--jobserver-auth=3,4 --jobserver-auth=7,8": {7, 8},
	} {
		if diff := cmp.Diff(want, Jobserver(flags)); diff != "" {
			t.Errorf("%q: %s", flags, diff)
		}
	}
}

// The host's programs come with exactly what the loader loads for them.
func TestHostShell(t *testing.T) {
	grants, err := HostShell()
	must(t, err)
	granted := map[string]Access{}
	for _, g := range grants {
		real, err := filepath.EvalSymlinks(g.Path)
		must(t, err)
		granted[real] |= g.Access
	}
	for _, name := range hostPrograms {
		out, err := exec.Command("ldd", name).Output()
		must(t, err)
		for _, word := range strings.Fields(string(out)) {
			if !filepath.IsAbs(word) {
				continue
			}
			real, err := filepath.EvalSymlinks(word)
			must(t, err)
			if granted[real]&Read == 0 {
				t.Errorf("%s needs %s, which is not granted", name, real)
			}
		}
	}
	for path, access := range granted {
		program := strings.HasPrefix(filepath.Base(path), "ld-") || slices.Contains([]string{"sh", "dash", "bash", "env", "coreutils", "busybox"}, filepath.Base(path))
		if access&Execute != 0 && !program || access&Write != 0 {
			t.Errorf("%s is granted %v", path, access)
		}
	}
	if _, err := dependencies("/etc/passwd", map[string]bool{}); err == nil {
		t.Error("a text file has dependencies")
	}
	if (object{machine: elf.EM_NONE}).find("libc.so.6") != "" {
		t.Error("a library of another machine is found")
	}
}

func BenchmarkHostShell(b *testing.B) {
	for b.Loop() {
		if _, err := HostShell(); err != nil {
			b.Fatal(err)
		}
	}
}
