package observe

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
)

// made is a system call: paths, flags, and which of the descriptors they are
// relative to.
type order struct {
	Call     string
	Path, To string
	Dir      int
	Flags    uint64
	Resolve  uint64
}

// base is the part of the tests' directories that a child has for inside and outside.
func (o order) in(base string) order {
	o.Path, o.To = strings.ReplaceAll(o.Path, "@", base), strings.ReplaceAll(o.To, "@", base)
	return o
}

// callsChild makes system calls and prints their results.
func callsChild() {
	runtime.LockOSThread()
	for i, name := range corner {
		fd, err := unix.Open("../"+name, unix.O_PATH, 0)
		if err != nil {
			panic(err)
		}
		unix.Dup3(fd, fdDirectory+i, 0)
	}
	out := json.NewEncoder(os.Stdout)
	for in := json.NewDecoder(os.Stdin); ; {
		var o order
		if in.Decode(&o) != nil {
			return
		}
		answer := reply{Thread: unix.Gettid()}
		errors.As(o.do(), &answer.Errno)
		out.Encode(answer)
	}
}

const checkOnly = 0x10000 // AT_EXECVE_CHECK, from Linux 6.14

func (o order) do() error {
	shut := func(fd int, err error) error {
		if err == nil {
			unix.Close(fd)
		}
		return err
	}
	switch o.Call {
	case "openat":
		return shut(unix.Openat(o.Dir, o.Path, int(o.Flags), 0o644))
	case "openat2":
		how := unix.OpenHow{Flags: o.Flags, Resolve: o.Resolve}
		if o.Flags&unix.O_CREAT != 0 {
			how.Mode = 0o644
		}
		return shut(unix.Openat2(o.Dir, o.Path, &how))
	case "truncate":
		return unix.Truncate(o.Path, 0)
	case "unlinkat":
		return unix.Unlinkat(o.Dir, o.Path, int(o.Flags))
	case "mkdirat":
		return unix.Mkdirat(o.Dir, o.Path, 0o755)
	case "mknodat":
		return unix.Mknodat(o.Dir, o.Path, unix.S_IFIFO|0o644, 0)
	case "symlinkat":
		return unix.Symlinkat("x", o.Dir, o.Path)
	case "linkat":
		return unix.Linkat(o.Dir, o.Path, unix.AT_FDCWD, o.To, int(o.Flags))
	case "renameat2":
		return unix.Renameat2(o.Dir, o.Path, unix.AT_FDCWD, o.To, uint(o.Flags))
	case "bind":
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return unix.Bind(fd, &unix.SockaddrUnix{Name: o.Path})
	case "bad address":
		_, _, errno := unix.Syscall(unix.SYS_OPENAT, ^uintptr(99), 8, 0)
		return errno
	case "hide": // from all who have no CAP_SYS_PTRACE
		return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	case "execveat":
		path, err := unix.BytePtrFromString(o.Path)
		if err != nil {
			return err
		}
		var none [2]uintptr
		_, _, errno := unix.Syscall6(unix.SYS_EXECVEAT, uintptr(o.Dir), uintptr(unsafe.Pointer(path)), uintptr(unsafe.Pointer(&none)), uintptr(unsafe.Pointer(&none)), uintptr(o.Flags|checkOnly), 0)
		if errno != 0 {
			return errno
		}
		return nil
	}
	panic(o.Call)
}

// randomOrder is any call about files of a tree.
func randomOrder(r *rand.Rand) order {
	pick := func(flags ...uint64) uint64 { return flags[r.IntN(len(flags))] }
	o := order{Dir: unix.AT_FDCWD, Path: randomCorner(r)}
	if r.IntN(3) == 0 {
		o.Dir = fdDirectory + r.IntN(3)
	}
	open := pick(unix.O_RDONLY, unix.O_WRONLY, unix.O_RDWR, 3) |
		pick(0, 0, unix.O_CREAT, unix.O_CREAT, unix.O_CREAT|unix.O_EXCL, unix.O_DIRECTORY, unix.O_TMPFILE, unix.O_PATH) |
		pick(0, 0, unix.O_TRUNC) | pick(0, 0, unix.O_NOFOLLOW) | unix.O_NONBLOCK
	switch r.IntN(12) {
	case 0, 1:
		o.Call, o.Flags = "openat", open
	case 2:
		o.Call, o.Flags, o.Resolve = "openat2", open, pick(0, unix.RESOLVE_BENEATH, unix.RESOLVE_IN_ROOT, unix.RESOLVE_NO_SYMLINKS, unix.RESOLVE_NO_MAGICLINKS)
	case 3:
		o.Call = "truncate"
	case 4:
		o.Call, o.Flags = "unlinkat", pick(0, unix.AT_REMOVEDIR)
	case 5:
		o.Call = "mkdirat"
	case 6:
		o.Call = "mknodat"
	case 7:
		o.Call = "symlinkat"
	case 8:
		o.Call, o.To, o.Flags = "linkat", randomCorner(r), pick(0, unix.AT_SYMLINK_FOLLOW)
	case 9:
		o.Call, o.To, o.Flags = "renameat2", randomCorner(r), pick(0, 0, unix.RENAME_NOREPLACE, unix.RENAME_EXCHANGE)
	case 10:
		o.Call = "bind"
	case 11:
		o.Call, o.Flags = "execveat", pick(0, unix.AT_SYMLINK_NOFOLLOW)
	}
	return o
}

// randomCorner is a path that leads inside, outside or to a readable file.
func randomCorner(r *rand.Rand) string {
	corner := corner[r.IntN(3)]
	prefix := []string{"@/", "../", "/proc/self/cwd/../", "@/inside/../", ""}[r.IntN(5)]
	if prefix == "" {
		corner = "."
	}
	if r.IntN(2) == 0 { // something that is there
		return prefix + corner + "/" + []string{"f", "f", "k", "l", "a", "n", "a/f", "a/c", "a/l"}[r.IntN(9)]
	}
	path := strings.ReplaceAll(randomPath(r, "@/"+corner), "//", "/")
	if strings.HasPrefix(path, "@") || strings.HasPrefix(path, "/proc") {
		return path
	}
	return prefix + corner + "/" + strings.TrimPrefix(path, "/")
}

// Predictions match the kernel: a call is reported as refused if
// and only if it is, and would not have failed anyway.
func TestVerdictsAsTheKernel(t *testing.T) {
	abi := enforce.Probe().ABI
	if abi < 3 {
		t.Skipf("Landlock's ABI is %d: truncation is not refused", abi)
	}
	confined, ours, listener := watchedChild(t, false)
	free, theirs, _ := watchedChild(t, true)
	o := New(testPolicy(ours.base), abi)
	var mutex sync.Mutex
	var denied []Denial
	go func() {
		asWatched(0)
		l := line{listener: listener, stop: -1}
		for n := new(notification); l.receive(n, hard); n.answer(listener, o.Filter.says(n)) {
			mutex.Lock()
			denied = append(denied, o.look(n, listener)...)
			mutex.Unlock()
		}
	}()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	seen := map[string]int{}
	free.ask(t, order{Call: "truncate"}, new(reply))
	confined.ask(t, order{Call: "truncate"}, new(reply)) // they have started
	fresh := false
	for i := range 4000 {
		if !fresh || i%16 == 0 {
			corners(t, r.Uint64(), ours, theirs)
		}
		call := randomOrder(r)
		mutex.Lock()
		denied = nil
		mutex.Unlock()
		var got, without reply
		confined.ask(t, call.in(ours.base), &got)
		free.ask(t, call.in(theirs.base), &without)
		mutex.Lock()
		denied = slices.DeleteFunc(denied, func(d Denial) bool { return d.Call != call.Call })
		what := fmt.Sprintf("seed %d: %+v is %v confined, %v free, predicted %+v", seed, call, got.Errno, without.Errno, denied)
		fresh = without.Errno != 0
		refused := got.Errno != 0 && without.Errno == 0
		switch {
		case refused && len(denied) == 0:
			t.Error("missed: " + what)
		case got.Errno == without.Errno && len(denied) > 0:
			t.Error("false: " + what)
		case len(denied) > 0 && denied[0].Errno != unix.ErrnoName(got.Errno):
			t.Error("another errno: " + what)
		}
		seen[fmt.Sprintf("%s %v", call.Call, refused)]++
		mutex.Unlock()
	}
	for _, call := range []string{"openat", "openat2", "truncate", "unlinkat", "mkdirat", "mknodat", "symlinkat", "linkat", "renameat2", "bind", "execveat"} {
		for _, refused := range []bool{false, true} {
			if seen[fmt.Sprintf("%s %v", call, refused)] == 0 {
				t.Errorf("no %s that is refused: %v", call, refused)
			}
		}
	}
}

// A call of a process whose memory may not be read is counted, and no other: not
// those with an address that there is not, nor those of the dead.
func TestUnjudged(t *testing.T) {
	c, g, listener := watchedChild(t, false)
	o := New(testPolicy(g.base), Unenforced)
	last := make(chan notification, 1)
	go func() {
		runtime.LockOSThread()
		dropAll(t)
		l := line{listener: listener, stop: -1}
		for n := new(notification); l.receive(n, hard); n.answer(listener, o.Filter.says(n)) {
			o.look(n, listener)
			select {
			case <-last:
			default:
			}
			last <- *n
		}
	}()
	open := order{Call: "openat", Dir: unix.AT_FDCWD, Path: "f"}
	var answer reply
	for range 3 {
		c.ask(t, open, &answer)
	}
	c.ask(t, order{Call: "bad address"}, &answer)
	if n := o.Unjudged(); n != 0 || answer.Errno != unix.EFAULT {
		t.Errorf("%d calls that can be read are not judged; a bad address is %v", n, answer.Errno)
	}
	c.ask(t, order{Call: "hide"}, &answer)
	for range 3 {
		c.ask(t, open, &answer)
	}
	if n := o.Unjudged(); n != 3 {
		t.Errorf("%d of 3 calls that cannot be read are counted", n)
	}
	n := <-last
	if n.id++; len(o.look(&n, listener)) > 0 || o.Unjudged() != 3 {
		t.Error("a call that nobody waits for is counted")
	}
}

// dropAll leaves a thread no capability.
func dropAll(t *testing.T) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if err := unix.Capset(&header, &none[0]); err != nil {
		t.Error(err)
	}
}
