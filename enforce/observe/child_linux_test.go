package observe

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
)

// The test is its own child: a process with a directory, descriptors and threads
// of its own, which makes the calls that it is told to.
func TestMain(m *testing.M) {
	switch os.Getenv("OBSERVE_CHILD") {
	case "":
		os.Exit(m.Run())
	case "walk":
		walkChild()
	case "confined":
		confinedChild()
	case "calls":
		callsChild()
	}
}

// child is a process to look at.
type child struct {
	in  *json.Encoder
	out *json.Decoder
	cmd *exec.Cmd
}

func newChild(t *testing.T, what, dir string, with ...func(*exec.Cmd)) *child {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "OBSERVE_CHILD="+what)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range with {
		change(cmd)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.(io.Closer).Close()
		cmd.Wait()
	})
	return &child{json.NewEncoder(in), json.NewDecoder(bufio.NewReader(out)), cmd}
}

func (c *child) ask(t *testing.T, question, answer any) {
	t.Helper()
	if err := c.in.Encode(question); err != nil {
		t.Fatal(err)
	}
	if err := c.out.Decode(answer); err != nil {
		t.Fatal(err)
	}
}

// confinedChild becomes callsChild, in a confinement or with all else that comes
// with it.
func confinedChild() {
	dir, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	policy := testPolicy(dir)
	policy.Grants = append(policy.Grants, enforce.Grant{Path: exe, Access: enforce.Read | enforce.Execute})
	command := enforce.Command{Path: exe, Args: []string{exe}, Env: []string{"OBSERVE_CHILD=calls"}, Dir: dir + "/inside", Audit: os.Getenv("OBSERVE_FREE") != ""}
	if !command.Audit {
		command.Watch = &enforce.Watch{Calls: Files, Socket: 3, Note: "x"}
	}
	panic(policy.Exec(command))
}

func testPolicy(dir string) enforce.Policy {
	return enforce.Policy{
		Grants: []enforce.Grant{
			{Path: dir + "/inside", Access: enforce.All}, {Path: dir + "/readable", Access: enforce.Read},
			{Path: "/proc", Access: enforce.Read}, {Path: "/dev/null", Access: enforce.Read | enforce.Write},
		},
		Network: enforce.Network{Any: true}, UnixSockets: true, BestEffort: true,
	}
}

// corner names the directories of a child. Landlock knows them, so they stay
// the same ones, wherever a call has moved them.
var corner = []string{"inside", "outside", "readable"}

// corners makes the same random trees in directories.
func corners(t *testing.T, seed uint64, dirs ...grounds) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, g := range dirs {
		r := rand.New(rand.NewPCG(seed, 1))
		for i := range corner {
			must(os.Rename(g.now(i), fmt.Sprintf("%s/.%d", g.base, i)))
		}
		entries, err := os.ReadDir(g.base)
		must(err)
		for _, e := range entries {
			if e.Name()[0] != '.' {
				must(os.RemoveAll(g.base + "/" + e.Name()))
			}
		}
		for i, name := range corner {
			dir := g.base + "/" + name
			must(os.Rename(g.now(i), dir))
			entries, err := os.ReadDir(dir)
			must(err)
			for _, e := range entries {
				must(os.RemoveAll(dir + "/" + e.Name()))
			}
			for _, d := range []string{"", "/a", "/a/c"} {
				os.Mkdir(dir+d, 0o755)
				must(os.WriteFile(dir+d+"/f", []byte("#!/dev/null\n"), 0o644))
				if r.IntN(2) == 0 {
					must(os.Chmod(dir+d+"/f", os.FileMode(r.IntN(0o1000))))
				}
				for _, name := range []string{"k", "l"} {
					must(os.Symlink(strings.ReplaceAll(randomCorner(r), "@", g.base), dir+d+"/"+name))
				}
			}
		}
	}
}

// grounds are the directories of a child.
type grounds struct {
	base string
	fds  []int
}

// now is where a corner is.
func (g grounds) now(i int) string {
	path, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", g.fds[i]))
	return path
}

// watchedChild starts a child in a confinement, and one that is free but for
// capabilities, each with directories of its own.
func watchedChild(t *testing.T, free bool) (c *child, g grounds, listener int) {
	t.Helper()
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	g.base = base
	for _, name := range corner {
		if err := os.Mkdir(base+"/"+name, 0o755); err != nil {
			t.Fatal(err)
		}
		fd, err := unix.Open(base+"/"+name, unix.O_PATH|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Close(fd) })
		g.fds = append(g.fds, fd)
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	theirs := os.NewFile(uintptr(pair[1]), "socket")
	c = newChild(t, "confined", base, func(cmd *exec.Cmd) {
		cmd.ExtraFiles = []*os.File{theirs}
		if free {
			cmd.Env = append(cmd.Env, "OBSERVE_FREE=1")
		}
	})
	theirs.Close()
	if free {
		return c, g, -1
	}
	if _, listener, err = Receive(pair[0]); err != nil || listener < 0 {
		t.Fatalf("nobody can be watched: %v", err)
	}
	t.Cleanup(func() { unix.Close(listener) })
	return c, g, listener
}
