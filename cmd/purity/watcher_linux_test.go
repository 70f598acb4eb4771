package main

import (
	"bytes"
	native "encoding/binary"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/fixtures"
)

// watchedFiles starts a script whose files are watched.
func (u user) watchedFiles(t *testing.T, dir, script string) (*exec.Cmd, func() string) {
	t.Helper()
	cmd := u.command(t, dir, "exec", "--explain=files", "--", "bash", "-c", script)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, out.String
}

// comes waits until a file exists.
func comes(t *testing.T, file string) {
	t.Helper()
	for range 60 * 40 { // a minute: the machine may be busy
		if _, err := os.Stat(file); err == nil {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Fatalf("%s does not come", file)
}

// Signals for the watcher alone arrive at the command.
func TestWatcherSignals(t *testing.T) {
	t.Parallel()
	u := newUser(t, "self", fixtures.Newest(t))
	dir := u.project(t, "c")
	u.run(t, 0, dir, "exec", "--", "true")
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGINT} {
		name := "ready-" + unix.SignalName(signal)
		cmd, out := u.watchedFiles(t, dir, "trap 'echo caught; exit 9' "+unix.SignalName(signal)+"; : > "+name+"; for i in {1..100}; do sleep 0.1; done")
		comes(t, dir+"/"+name)
		cmd.Process.Signal(signal)
		cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != 9 || !strings.Contains(out(), "caught") {
			t.Errorf("%v: exit code %d, %s", signal, code, out())
		}
	}
}

// A process that outlives the command can go on starting programs.
func TestWatcherOutlived(t *testing.T) {
	leaveOut(t)
	t.Parallel()
	u := newUser(t, "self", fixtures.Newest(t))
	dir := u.project(t, "c")
	u.run(t, 0, dir, "exec", "--", "true")
	cmd, out := u.watchedFiles(t, dir, "(exec >/dev/null 2>&1; sleep 0.7; cat greet.c > late; jq --version >> late) & echo started")
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, out())
	}
	comes(t, dir+"/late")
	for range 60 * 40 {
		if data, err := os.ReadFile(dir + "/late"); err == nil && strings.Contains(string(data), "jq-") {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Error("what outlives the command cannot start programs")
}

// When the command has ended and purity still prints, signals end purity.
func TestSignalsAfterTheCommand(t *testing.T) {
	t.Parallel()
	u := newUser(t, "self", fixtures.Newest(t))
	dir := u.project(t, "c")
	u.run(t, 0, dir, "exec", "--", "true")
	read, write, err := os.Pipe() // a full one: a writer waits
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	defer write.Close()
	full := int(write.Fd())
	unix.SetNonblock(full, true)
	for data := make([]byte, 4096); err == nil; {
		_, err = unix.Write(full, data)
	}
	unix.SetNonblock(full, false)
	cmd := u.command(t, dir, "exec", "--explain=files", "--", "sh", "-c", "read x 2> /dev/null < /etc/issue.net; : > ended")
	cmd.Stderr = write
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 60 * 40 {
		if _, err := os.Stat(dir + "/ended"); err == nil {
			break
		}
		time.Sleep(25 * time.Millisecond)
	}
	time.Sleep(500 * time.Millisecond)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("it ended so: %v", cmd.ProcessState)
	}
}

// Whatever a command makes the watcher read, the command ends as it does
// without a watcher.
func TestWatcherSurvives(t *testing.T) {
	t.Parallel()
	u := newUser(t, "self", fixtures.Newest(t))
	dir := u.project(t, "c")
	u.run(t, 0, dir, "exec", "--", "true")
	var bomb bytes.Buffer // an ELF file with a loader of 64 TiB
	bomb.WriteString("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9))
	for _, field := range []any{
		uint16(2), uint16(62), uint32(1), uint64(0), uint64(64), uint64(0), uint32(0), uint16(64), uint16(56), uint16(1), uint16(0), uint16(0), uint16(0),
		uint32(3), uint32(4), uint64(4096), uint64(0), uint64(0), uint64(1 << 46), uint64(1 << 46), uint64(1),
	} {
		native.Write(&bomb, native.LittleEndian, field)
	}
	if err := fixtures.WriteFile(dir+"/bomb", bomb.Bytes(), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(dir+"/pipe", 0o755); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"./bomb", "./pipe"} {
		var outputs [2]string
		for i, explain := range []string{"off", "files"} {
			cmd := exec.Command("timeout", "60", binary(t), "exec", "-q", "--explain="+explain, "--", "sh", "-c", "env "+command+"; echo code=$?")
			cmd.Dir, cmd.Env = dir, u.environ
			out, err := cmd.CombinedOutput()
			if outputs[i] = string(out); err != nil || !strings.Contains(outputs[i], "code=12") {
				t.Errorf("%s, %s: %v, %s", explain, command, err, out)
			}
		}
		if outputs[0] != outputs[1] {
			t.Errorf("%s: %q watched, %q not", command, outputs[1], outputs[0])
		}
	}
}

// sockets tries to make sockets, and to become a listener itself.
const sockets = `
import ctypes, errno, os, socket, struct, sys, time
def attempt(*kind):
    try: socket.socket(*kind); return "made"
    except OSError as e: return errno.errorcode[e.errno]
libc = ctypes.CDLL(None, use_errno=True)
def listen(): # with a filter that lets everything be, for nobody would answer: BPF_RET with SECCOMP_RET_ALLOW
    code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7fff0000))
    program = struct.pack("HxxxxxxQ", 1, ctypes.addressof(code))
    fd = libc.syscall({"x86_64": 317, "aarch64": 277}[os.uname().machine], 1, 8, program)
    return errno.errorcode[ctypes.get_errno()] if fd < 0 else "listens"
def all(): return [attempt(), attempt(socket.AF_INET6, socket.SOCK_DGRAM), attempt(socket.AF_UNIX), listen(), socket.socketpair() and "pair"]
out = open("sockets", "w")
if len(sys.argv) > 1 and os.fork() == 0:
    while not os.path.exists("gone"): time.sleep(0.05)
    print(*all(), flush=True, file=out)
    os._exit(0)
print(*all(), flush=True, file=out)
while len(sys.argv) > 1: time.sleep(1)
`

// Denied sockets stay denied when the watcher, which denies them, is gone, and no
// process can take its place.
func TestSocketsWithoutTheWatcher(t *testing.T) {
	leaveOut(t)
	t.Parallel()
	u := newUser(t, "self", fixtures.Newest(t))
	dir := u.project(t, "c")
	if err := os.WriteFile(dir+"/sockets.py", []byte(sockets), 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{"exec", "--flake", ".#python", "--network", "false", "--sockets", "none", "--explain=programs", "--"}
	line := func(n int) string {
		t.Helper()
		for range 60 * 40 {
			data, _ := os.ReadFile(dir + "/sockets")
			if all := strings.Split(string(data), "\n"); len(all) > n {
				return all[n-1]
			}
			time.Sleep(25 * time.Millisecond)
		}
		t.Fatalf("line %d does not come", n)
		return ""
	}
	cmd := u.command(t, dir, append(args, "python3", "sockets.py", "stay")...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	const refused = "EACCES EACCES EACCES EBUSY pair"
	if got := line(1); got != refused {
		t.Errorf("watched: %s, want %s", got, refused)
	}
	cmd.Process.Kill()
	cmd.Wait()
	if err := os.WriteFile(dir+"/gone", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got, want := line(2), "ENOSYS ENOSYS ENOSYS EBUSY pair"; got != want {
		t.Errorf("without the watcher: %s, want %s", got, want)
	}
	os.Remove(dir + "/sockets")
	u.run(t, 0, dir, append(args, "bash", "-c", "(exec < /dev/null > /dev/null 2>&1; sleep 1; python3 sockets.py) &")...)
	if got := line(1); got != refused {
		t.Errorf("with the watcher's heir: %s, want %s", got, refused)
	}
	os.Remove(dir + "/sockets")
	u.run(t, 0, dir, append(slices.Replace(slices.Clone(args), 7, 8, "--explain=off"), "python3", "sockets.py")...)
	if got, want := line(1), "EACCES EACCES EACCES listens pair"; got != want {
		t.Errorf("in place: %s, want %s", got, want)
	}
}
