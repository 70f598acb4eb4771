package selftest

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce/host"
	"github.com/nix-purity/purity/enforce/tempdir"
)

// World is the surroundings of a run: a project, a closure, and much outside of
// both that must stay out of reach.
type World struct {
	Dir      string
	Project  string
	Closure  string
	Outside  string
	Overlaid string // shown as an overlay where the world is Layered
	Layered  bool
	Self     string // the attacker's program, in the closure
	Victim   int    // process outside
	TCP, UDP int    // ports that are listened at
	Abstract string // name of an abstract socket that is listened at
	Shm      int    // System V shared memory with a secret
	Sem, Msg int
	Key      int    // key with a secret
	Terminal string // of somebody else
	Ring     ringParams
	Mount    uint64 // number of the mount that all of it is on
	// names of the root directory that lead to no grant
	Ungranted []string
	Unix      bool // the attacker may make UNIX sockets
	ABI       int
	// descriptors that the attacker inherits, by name
	FD map[string]int

	files    []*os.File
	cleanups []func()
}

const secret = "SECRET"

// newWorld makes a world, and its processes.
func newWorld() (w *World, err error) {
	dir, err := host.MakeTemp("purity-selftest-") // a place that level dev may write is no outside
	if err != nil {
		return nil, fmt.Errorf("make a world: %w", err)
	}
	w = &World{Dir: dir, Project: dir + "/project", Closure: dir + "/closure", Outside: dir + "/outside", FD: map[string]int{}}
	w.cleanups = append(w.cleanups, func() { tempdir.Remove(dir) })
	for _, step := range []func() error{w.makeFiles, w.makeOverlaid, w.startVictim, w.listen, w.makeIPC, w.openFiles} {
		if err := step(); err != nil {
			w.close()
			return nil, fmt.Errorf("make a world: %w", err)
		}
	}
	return w, nil
}

func (w *World) close() {
	for i := len(w.cleanups) - 1; i >= 0; i-- {
		w.cleanups[i]()
	}
}

func (w *World) makeFiles() error {
	for _, d := range []string{"project/a", "project/b", "closure/bin", "outside/sub", "outside/empty", "undeclared"} {
		if err := os.MkdirAll(filepath.Join(w.Dir, d), 0o755); err != nil {
			return err
		}
	}
	for _, f := range []string{"project/file", "project/file2", "project/other", "project/a/x", "closure/data", "outside/file", "outside/file2", "outside/sub/file", "undeclared/data"} {
		if err := os.WriteFile(filepath.Join(w.Dir, f), []byte(secret), 0o644); err != nil {
			return err
		}
	}
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return err
	}
	w.Self = filepath.Join(w.Closure, "bin", filepath.Base(os.Args[0]))
	for _, name := range []string{w.Self, w.Outside + "/program"} { // no links: Self is granted by inode
		if err := os.WriteFile(name, program, 0o755); err != nil {
			return err
		}
	}
	if os.Getuid() == 0 {
		other := w.Project + "/set-user-id"
		if err := os.WriteFile(other, program, 0o755); err != nil {
			return err
		}
		if err := os.Chown(other, 65534, 65534); err != nil {
			return err
		}
		if err := os.Chmod(other, 0o755|os.ModeSetuid); err != nil {
			return err
		}
	}
	script := []byte("#!" + w.Self + " " + nothingWord + "\n")
	if strings.ContainsAny(w.Self, " \t\n") || len(script) > 255 { // both end the name of an interpreter (execve(2))
		script = program
	}
	for _, name := range []string{w.Project + "/script", w.tmpFile() + "-program"} {
		if err := os.WriteFile(name, script, 0o755); err != nil && name != w.tmpFile()+"-program" { // not everywhere is a /tmp
			return err
		}
	}
	w.cleanups = append(w.cleanups, func() { os.Remove(w.tmpFile() + "-program"); os.Remove(w.tmpFile()) })
	w.Mount, _ = mountOf(w.Dir) // 0 is that of none
	for name, target := range map[string]string{
		"outside/link": w.Outside + "/file", "project/link": w.Outside + "/file", "project/dirlink": w.Outside, "project/self": w.Project + "/file",
	} {
		if err := os.Symlink(target, filepath.Join(w.Dir, name)); err != nil {
			return err
		}
	}
	if err := unix.Mkfifo(w.Outside+"/fifo", 0o600); err != nil {
		return err
	}
	return os.Link(w.Outside+"/file2", w.Project+"/hard")
}

// again starts this program again, from a file of it, under the name that it was
// started by.
func again(file string, args ...string) *exec.Cmd {
	cmd := exec.Command(file, args...)
	cmd.Args[0] = os.Args[0]
	return cmd
}

// startVictim starts a process outside that sleeps until this one ends.
func (w *World) startVictim() error {
	cmd := again("/proc/self/exe", victimWord)
	cmd.Env = []string{"VICTIM=" + secret}
	cmd.Dir = w.Outside
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	w.cleanups = append(w.cleanups, func() { cmd.Process.Kill(); cmd.Wait() })
	w.Victim = cmd.Process.Pid
	if _, err := pipe.Read(make([]byte, 1)); err != nil { // it is itself now, not still us
		return fmt.Errorf("start the victim: %w", err)
	}
	return nil
}

// second is a directory of the project that files are moved to from another.
// Before ABI 2 they cannot be, and stay where they are.
func (w *World) second() string {
	if w.ABI < 2 {
		return w.Project + "/a"
	}
	return w.Project + "/b"
}

func (w *World) shmFile() string { return "/dev/shm/" + filepath.Base(w.Dir) }

func (w *World) tmpFile() string { return "/tmp/" + filepath.Base(w.Dir) }

// queue is the name of a message queue, as the kernel takes it.
func (w *World) queue() []byte { return append([]byte(filepath.Base(w.Dir)), 0) }

func (w *World) removeQueue() error { return call(unix.SYS_MQ_UNLINK, addressOf(&w.queue()[0])) }

// openFiles opens the descriptors that the attacker inherits. Standard input is a terminal of
// its own.
func (w *World) openFiles() error {
	inherit := func(name string, f *os.File) {
		w.FD[name] = 3 + len(w.files)
		w.files = append(w.files, f)
		w.cleanups = append(w.cleanups, func() { f.Close() })
	}
	for range 8 { // Go itself opens low ones
		f, err := os.Open("/dev/null")
		if err != nil {
			return err
		}
		inherit("unused", f)
	}
	for name, open := range map[string]func() (*os.File, error){
		"file":    func() (*os.File, error) { return os.OpenFile(w.Outside+"/sub/file", os.O_RDWR, 0) },
		"dir":     func() (*os.File, error) { return os.Open(w.Outside) },
		"program": func() (*os.File, error) { return os.Open(w.Outside + "/program") },
		"mem":     func() (*os.File, error) { return os.Open("/proc/" + strconv.Itoa(w.Victim) + "/mem") },
		"pidfd":   func() (*os.File, error) { return fileOf(unix.PidfdOpen(w.Victim, 0)) },
		"socket":  w.connected,
		"ring":    w.newRing,
	} {
		if f, err := open(); err == nil { // a missing one is no danger
			inherit(name, f)
		}
	}
	if master, slave, err := terminal(); err == nil {
		w.Terminal = slave.Name()
		w.cleanups = append(w.cleanups, func() { master.Close(); slave.Close() })
	}
	return nil
}

func fileOf(fd int, err error) (*os.File, error) {
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "descriptor"), nil
}

// connected is a UNIX socket at whose other end an open file waits.
func (w *World) connected() (*os.File, error) {
	c, err := net.Dial("unix", w.Outside+"/stream")
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.(*net.UnixConn).File()
}

// terminal makes a pseudo-terminal.
func terminal() (master, slave *os.File, err error) {
	if master, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		return nil, nil, err
	}
	var n uint32
	for _, request := range []struct {
		code uintptr
		arg  unsafe.Pointer
	}{{unix.TIOCSPTLCK, unsafe.Pointer(new(uint32))}, {unix.TIOCGPTN, unsafe.Pointer(&n)}} {
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, master.Fd(), request.code, uintptr(request.arg)); errno != 0 {
			master.Close()
			return nil, nil, errno
		}
	}
	if slave, err = os.OpenFile("/dev/pts/"+strconv.Itoa(int(n)), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		master.Close()
	}
	return master, slave, err
}

// encode and decode carry the world to the attacker.
func (w *World) encode() (string, error) {
	data, err := json.Marshal(w)
	return string(data), err
}

func decodeWorld(text string) (*World, error) {
	var w World
	if err := json.Unmarshal([]byte(text), &w); err != nil {
		return nil, fmt.Errorf("read the world: %w", err)
	}
	return &w, nil
}
