package observe

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
)

// With Absent a path outside counts whether it is there or not, unless it is granted,
// the kernel's, or found elsewhere. Without it only existing files count.
func TestAbsent(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"inside/bin/make", "inside/lib/libz.so", "outside/there"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("outside", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	policy := enforce.Policy{Grants: []enforce.Grant{
		{Path: dir + "/inside", Access: enforce.Read | enforce.Execute},
		{Path: dir + "/outside/service/socket", Access: enforce.Read, Optional: true},
		{Path: dir + "/none/granted", Access: enforce.Read, Optional: true},
	}}
	reads := func(path string) []target { return opened(path, unix.AT_FDCWD, unix.O_RDONLY, 0) }
	runs := func(path string) []target { return executed(path, unix.AT_FDCWD, 0) }
	tries := [][]target{
		reads(dir + "/outside/there"), reads(dir + "/outside/none"), reads(dir + "/none/below/none"),
		reads(dir + "/inside/none"), reads(dir + "/none/granted"), reads(dir + "/link/service/socket"), reads(dir + "/link/service/other"), reads(dir + "/none/granted/below"), reads("/proc/none"), reads("/sys/none"), reads("/homeless-shelter/.config"),
		opened(dir+"/none/granted/new", unix.AT_FDCWD, unix.O_WRONLY|unix.O_CREAT, 0),
		runs(dir + "/none/bin/make"), runs(dir + "/inside/bin/make"), runs(dir + "/none/bin/gcc"),
		reads(dir + "/none/libz.so"), reads(dir + "/inside/lib/libz.so"), reads(dir + "/none/liby.so"),
	}
	there := []string{dir + "/outside/there"}
	for _, tt := range []struct {
		absent bool
		want   []string
	}{
		{false, there},
		{true, append(there, dir+"/outside/none", dir+"/outside/service/other", dir+"/none/below/none", dir+"/none/granted/new", dir+"/none/bin/gcc", dir+"/none/liby.so")},
	} {
		o := New(policy, Unenforced)
		o.Absent = tt.absent
		pid := uint32(os.Getpid())
		for _, targets := range tries {
			denied, err := o.judgeAll(pid, "openat", targets)
			if err != nil {
				t.Fatal(err)
			}
			o.counts(pid, denied)
		}
		var got []string
		for _, d := range o.Denials() {
			got = append(got, d.Path)
		}
		slices.Sort(got)
		slices.Sort(tt.want)
		if !slices.Equal(got, tt.want) {
			t.Errorf("absent %v:\n%q\nwant\n%q", tt.absent, got, tt.want)
		}
	}
}

// With Absent a denial is the same where the file is a link or a directory of the host as
// where there is nothing, but for targets of links in the project.
func TestAbsentAlike(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err == nil {
		err = os.MkdirAll(filepath.Join(dir, "host/there/dir.d"), 0o755)
	}
	if err == nil {
		err = os.MkdirAll(filepath.Join(dir, "project"), 0o755)
	}
	if err == nil {
		err = os.Symlink("there", filepath.Join(dir, "host/link"))
	}
	for _, name := range []string{"host/link", "none/link"} {
		if err == nil {
			err = os.Symlink(filepath.Join(dir, name), filepath.Join(dir, "project", filepath.Dir(name)))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	o := New(enforce.Policy{Grants: []enforce.Grant{{Path: dir + "/project", Access: enforce.Read}}}, Unenforced)
	judged := func(path string) Denial {
		denied, err := o.judgeAll(uint32(os.Getpid()), "openat", opened(path, unix.AT_FDCWD, unix.O_RDONLY, 0))
		if err != nil || len(denied) != 1 {
			t.Fatal(path, denied, err)
		}
		return o.alike(denied[0])
	}
	if d := judged(dir + "/host/link"); d.Real != dir+"/host/there" || d.Kind != "directory" {
		t.Errorf("without Absent: %+v", d)
	}
	o.Absent = true
	for _, path := range []string{"/host/link", "/host/there/dir.d", "/none/link", "/none/there/dir.d"} {
		if d := judged(dir + path); d.Real != dir+path || d.Kind != "data" || d.Errno != "EACCES" {
			t.Errorf("%s: %+v", path, d)
		}
	}
	if d := judged(dir + "/project/host"); d.Real != dir+"/host/there" {
		t.Errorf("a link of the project: %+v", d)
	}
}
