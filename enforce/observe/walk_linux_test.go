package observe

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// asked is the path that a child is to open.
type asked struct {
	Dir     int32
	Path    string
	Flags   uint64
	Resolve uint64
}

// reply is the result: the file that the kernel opened, and which
// thread it was.
type reply struct {
	Path   string
	Errno  unix.Errno
	Thread int
}

// Descriptors of the child.
const (
	fdDirectory = 20 + iota
	fdFile
	fdPipe
	fdRemoved
	fdMemory
	fdNothing
)

func walkChild() {
	runtime.LockOSThread()
	must := func(fd int, err error) int {
		if err != nil {
			panic(err)
		}
		return fd
	}
	open := func(name string) int { return must(unix.Open(name, unix.O_RDONLY, 0)) }
	var pipe [2]int
	must(0, unix.Pipe(pipe[:]))
	os.Mkdir("removed", 0o755)
	for to, from := range map[int]int{
		fdDirectory: open("b"), fdFile: open("f"), fdPipe: pipe[0], fdRemoved: open("removed"), fdMemory: must(unix.MemfdCreate("m", 0)),
	} {
		must(0, unix.Dup3(from, to, 0))
	}
	must(0, os.Remove("removed"))
	must(0, os.Chdir("a"))
	out := json.NewEncoder(os.Stdout)
	for in := json.NewDecoder(os.Stdin); ; {
		var a asked
		if in.Decode(&a) != nil {
			return
		}
		answer := reply{Thread: unix.Gettid()}
		fd, err := unix.Openat2(int(a.Dir), a.Path, &unix.OpenHow{Flags: a.Flags | unix.O_PATH, Resolve: a.Resolve})
		if err == nil {
			answer.Path, _ = os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
			unix.Close(fd)
		}
		errors.As(err, &answer.Errno)
		out.Encode(answer)
	}
}

// tree makes directories a, b and c below each other, three deep, with files
// and links.
func tree(t *testing.T, r *rand.Rand) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dirs := []string{dir}
	for _, top := range []string{"a", "b", "c"} {
		for _, below := range []string{"", "/a", "/b", "/a/c"} {
			dirs = append(dirs, dir+"/"+top+below)
			if err := os.MkdirAll(dir+"/"+top+below, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, d := range dirs {
		if err := os.WriteFile(d+"/f", nil, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"k", "l", "m"} {
			if err := os.Symlink(randomPath(r, dir), d+"/"+name); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

// randomPath is made of the names that a tree has, of dots and slashes, and of
// links to open files of processes.
func randomPath(r *rand.Rand, dir string) string {
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	var b strings.Builder
	switch r.IntN(8) {
	case 0:
		b.WriteString(dir + pick("/", "//"))
	case 1:
		b.WriteString(pick("/proc/self/cwd", "/proc/self/root"+dir, "/proc/thread-self/cwd", "/proc/self/task/../cwd", "/proc/self", "/dev/stdin") + "/")
	case 2:
		fmt.Fprintf(&b, "%s/%d%s", pick("/proc/self/fd", "/dev/fd", "/proc/thread-self/fd"), fdDirectory+r.IntN(7), pick("", "/", "/"))
	case 3:
		b.WriteString("/")
	}
	for range r.IntN(5) {
		b.WriteString(pick("a", "a", "b", "c", "f", "k", "l", "m", ".", "..", "..", "n") + pick("/", "/", "/", "//"))
	}
	path := b.String()
	if r.IntN(3) > 0 {
		path = strings.TrimRight(path, "/")
	}
	if path == "" {
		return "a"
	}
	return path
}

// Paths lead where the kernel says that they do, for whatever tree of links, way
// to open and thread.
func TestWalkAsTheKernel(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	outcomes := map[unix.Errno]int{}
	for range 20 {
		dir := tree(t, r)
		c := newChild(t, "walk", dir)
		for range 300 {
			a := asked{Dir: unix.AT_FDCWD, Path: randomPath(r, dir)}
			if r.IntN(3) == 0 {
				a.Dir = fdDirectory + int32(r.IntN(7))
			}
			a.Flags = []uint64{0, 0, unix.O_NOFOLLOW, unix.O_DIRECTORY, unix.O_DIRECTORY | unix.O_NOFOLLOW}[r.IntN(5)]
			a.Resolve = []uint64{0, 0, 0, unix.RESOLVE_BENEATH, unix.RESOLVE_IN_ROOT, unix.RESOLVE_NO_SYMLINKS, unix.RESOLVE_NO_MAGICLINKS, unix.RESOLVE_NO_XDEV}[r.IntN(8)]
			var want reply
			c.ask(t, a, &want)
			outcomes[want.Errno]++
			if got := walked(want.Thread, a); got != want {
				t.Errorf("seed %d: %+v is %+v, want %+v", seed, a, got, want)
			}
		}
	}
	for _, errno := range []unix.Errno{0, unix.ENOENT, unix.ENOTDIR, unix.ELOOP, unix.EXDEV, unix.EBADF} {
		if outcomes[errno] == 0 {
			t.Errorf("%v does not come", errno)
		}
	}
}

// walked is where walk says that a path leads, in the kernel's words.
func walked(thread int, a asked) reply {
	got := reply{Thread: thread}
	v := view{pid: uint32(thread), top: "/"}
	p, err := v.walk(a.Path, lookup{dir: a.Dir, noFollow: a.Flags&unix.O_NOFOLLOW != 0, directory: a.Flags&unix.O_DIRECTORY != 0, resolve: a.Resolve})
	if err == nil && p.none {
		err = unix.ENOENT
	}
	if err != nil {
		errors.As(err, &got.Errno)
		if _, err := os.Readlink(v.descriptor(a.Dir)); err != nil && got.Errno == unix.ENOENT && (a.Path[0] != '/' || a.Resolve&(unix.RESOLVE_BENEATH|unix.RESOLVE_IN_ROOT) != 0) {
			got.Errno = unix.EBADF
		}
		return got
	}
	got.Path = p.path
	if p.gone || p.nowhere && strings.HasPrefix(p.path, "/") {
		got.Path += " (deleted)"
	}
	return got
}

// Cases that cannot be left to chance.
func TestWalk(t *testing.T) {
	dir := tree(t, rand.New(rand.NewPCG(1, 1)))
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Symlink("../b", dir+"/a/up"))
	must(os.Symlink("nothing", dir+"/a/dangling"))
	for i := range 42 {
		must(os.Symlink(fmt.Sprintf("chain%d", i+1), fmt.Sprintf("%s/a/chain%d", dir, i)))
	}
	must(os.WriteFile(dir+"/a/chain42", nil, 0o644))
	c := newChild(t, "walk", dir)
	var me reply
	c.ask(t, asked{Dir: unix.AT_FDCWD, Path: "."}, &me)
	proc := fmt.Sprintf("/proc/%d", c.cmd.Process.Pid)
	v := view{pid: uint32(me.Thread), top: "/"}
	jail := view{pid: v.pid, top: dir + "/a"}
	for _, tt := range []struct {
		path string
		how  lookup
		want string // "-" is before a missing file
		view view
		err  error
	}{
		{path: "up/../f", want: "/f"}, // not a/f
		{path: "../b/./f", want: "/b/f"},
		{path: "dangling", want: "-/a/nothing"},
		{path: "dangling", how: lookup{entry: true}, want: "/a/dangling"},
		{path: "up/", how: lookup{noFollow: true}, want: "/b"},
		{path: "up", how: lookup{noFollow: true}, want: "/a/up"},
		{path: "up/new/", how: lookup{entry: true}, want: "-/b/new"},
		{path: "f/", err: unix.ENOTDIR},
		{path: "f/..", err: unix.ENOTDIR},
		{path: "f", how: lookup{directory: true}, err: unix.ENOTDIR},
		{path: "", err: unix.ENOENT},
		{path: "", how: lookup{dir: fdFile, empty: true}, want: "/f"},
		{path: "f", how: lookup{dir: fdDirectory}, want: "/b/f"},
		{path: "f", how: lookup{dir: fdFile}, err: unix.ENOTDIR},
		{path: "chain2", want: "/a/chain42"},
		{path: "chain1", err: unix.ELOOP},
		{path: "../a/f", how: lookup{resolve: unix.RESOLVE_BENEATH}, err: unix.EXDEV},
		{path: "../../f", how: lookup{resolve: unix.RESOLVE_IN_ROOT}, want: "/a/f"},
		{path: "/../f", view: jail, want: "/a/f"},
		{path: "/proc/self/status", want: proc + "/status"},
		{path: "/proc/thread-self/comm", want: fmt.Sprintf("%s/task/%d/comm", proc, me.Thread)},
		{path: fmt.Sprintf("/dev/fd/%d", fdFile), want: "/f"},
		{path: fmt.Sprintf("/proc/self/fd/%d/../f", fdDirectory), want: "/f"},
	} {
		if tt.how.dir == 0 {
			tt.how.dir = unix.AT_FDCWD
		}
		if tt.view.pid == 0 {
			tt.view = v
		}
		p, err := tt.view.walk(tt.path, tt.how)
		got := strings.TrimPrefix(p.path, dir)
		if p.none {
			got = "-" + got
		}
		if err != tt.err || err == nil && got != tt.want {
			t.Errorf("%s: %s, %v, want %s, %v", tt.path, got, err, tt.want, tt.err)
		}
	}
	if p, err := v.walk(fmt.Sprintf("/proc/self/fd/%d", fdMemory), lookup{}); err != nil || !p.nowhere {
		t.Errorf("what is in memory is at %+v, %v", p, err)
	}
}
