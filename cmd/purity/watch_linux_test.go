package main

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nix-purity/purity/fixtures"
	"golang.org/x/sys/unix"
)

// session is an interactive bash in a terminal of its own, in a project.
type session struct {
	t      *testing.T
	master *os.File
	cmd    *exec.Cmd
	mutex  sync.Mutex
	output bytes.Buffer
}

func newSession(t *testing.T, u user, dir string) *session {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	s := &session{t: t, master: master, cmd: exec.Command("bash", "--norc", "--noprofile", "-i")}
	s.cmd.Dir = dir
	s.cmd.Env = append(u.environ, "PS1=$ ", "TERM=dumb", "PURITY="+binary(t), "HISTFILE=")
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = slave, slave, slave
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		data := make([]byte, 4096)
		for {
			n, err := master.Read(data)
			s.mutex.Lock()
			s.output.Write(data[:n])
			s.mutex.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		s.cmd.Process.Kill()
		s.cmd.Wait()
		master.Close()
	})
	return s
}

// enter types text.
func (s *session) enter(text string) {
	s.t.Helper()
	if _, err := s.master.WriteString(text); err != nil {
		s.t.Fatal(err)
	}
}

// expect waits for output that matches, and forgets what came before its end.
func (s *session) expect(pattern string) []string {
	s.t.Helper()
	re := regexp.MustCompile(pattern)
	for range 2400 { // a minute: the machine may be busy
		s.mutex.Lock()
		text := s.output.String()
		if at := re.FindStringSubmatchIndex(text); at != nil {
			m := re.FindStringSubmatch(text)
			s.output.Next(at[1])
			s.mutex.Unlock()
			return m
		}
		s.mutex.Unlock()
		time.Sleep(25 * time.Millisecond)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.t.Fatalf("no %q in %.2000q", pattern, s.output.String())
	return nil
}

const (
	ctrlC = "\x03"
	ctrlZ = "\x1a"
	ctrlD = "\x04"
	ctrlQ = "\x1c" // quit
)

// The watcher cannot be told from the command that it watches, in a terminal.
func TestWatcherInTerminal(t *testing.T) {
	u := newUser(t, "self", fixtures.Newest(t))
	dir := u.project(t, "c")
	u.run(t, 0, dir, "exec", "--", "true")
	scenarios := map[string]func(s *session){
		"exit codes": func(s *session) {
			s.enter("$PURITY exec -- sh -c 'exit 7'; echo code=$?.\n")
			s.expect(`code=7\.`)
		},
		"death by a signal": func(s *session) {
			s.enter("$PURITY exec -- sh -c 'kill -SEGV $$'; echo code=$?.\n")
			s.expect(`Segmentation fault`)
			s.expect(`code=139\.`)
		},
		"^C ends the command": func(s *session) {
			s.enter("$PURITY exec -- sh -c 'echo ready; sleep 60'; echo code=$?.\n")
			s.expect(`ready\r`)
			s.enter(ctrlC)
			s.expect(`\$ `)
			s.enter("echo code=$?.\n")
			s.expect(`code=130\.`)
		},
		"^C that the command handles": func(s *session) {
			s.enter("$PURITY exec -- bash -c 'trap \"echo caught; exit 5\" INT; echo ready; while :; do sleep 0.1; done'\n")
			s.expect(`ready\r`)
			s.enter(ctrlC)
			s.expect(`caught\r`)
			s.enter("echo code=$?.\n")
			s.expect(`code=5\.`)
		},
		"^\\ ends the command": func(s *session) {
			s.enter("$PURITY exec -- sh -c 'echo ready; exec sleep 60'\n")
			s.expect(`ready\r`)
			s.enter(ctrlQ)
			s.expect(`Quit`)
		},
		"^Z stops, fg goes on": func(s *session) {
			s.enter("$PURITY exec -- sh -c 'echo ready; read x; echo got $x'\n")
			s.expect(`ready\r`)
			s.enter(ctrlZ)
			s.expect(`Stopped`)
			s.enter("jobs; fg\n")
			s.expect(`Stopped`)
			s.enter("word\n")
			s.expect(`got word\r`)
		},
		"a command that stops itself": func(s *session) {
			s.enter("$PURITY exec -- sh -c 'echo ready; kill -STOP $$; echo on'\n")
			s.expect(`Stopped`)
			s.enter("fg\n")
			s.expect(`on\r`)
		},
		"the size of the window": func(s *session) {
			s.enter("$PURITY exec -- bash -c 'trap \"echo size $(stty size)\" WINCH; trap \"stty size; exit\" WINCH; echo ready; while :; do sleep 0.1; done'\n")
			s.expect(`ready\r`)
			if err := unix.IoctlSetWinsize(int(s.master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 33, Col: 77}); err != nil {
				s.t.Fatal(err)
			}
			s.expect(`33 77`)
		},
		"standard input": func(s *session) {
			s.enter("$PURITY exec -- sh -c 'echo ready; cat'\n")
			s.expect(`ready\r`)
			s.enter("a line\n")
			s.expect(`a line\r\na line\r`)
			s.enter(ctrlD)
			s.enter("echo code=$?.\n")
			s.expect(`code=0\.`)
		},
		"who owns the terminal": func(s *session) {
			s.enter("$PURITY exec -- sh -c 'read a b c d e f g h x < /proc/$$/stat; test $e = $h && echo foreground; tty'\n")
			s.expect(`foreground\r`)
			s.expect(`/dev/pts/\d+\r`)
		},
		"in the background": func(s *session) {
			s.enter("$PURITY exec -- sh -c 'read x; echo read $x' &\n")
			time.Sleep(time.Second)
			s.enter("\n") // bash says it with the next prompt
			s.expect(`Stopped`)
			s.enter("fg\n")
			s.enter("later\n")
			s.expect(`read later\r`)
		},
		"a denial at the end": func(s *session) {
			s.enter("$PURITY exec -- sh -c '/usr/bin/env true; /usr/bin/true'; echo code=$?.\n")
			s.expect(`1 program outside the environment was refused`)
			s.expect(`code=126\.`)
		},
		"not in its way with off": func(s *session) {
			s.enter("$PURITY exec --explain=off -- sh -c '/usr/bin/true; echo parent $(cat /proc/$PPID/comm)'\n")
			s.expect(`parent bash\r`)
		},
	}
	for name, scenario := range scenarios {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSession(t, u, dir)
			s.expect(`\$ `)
			scenario(s)
		})
	}
}

// What is meant for the watcher alone arrives at the command; a watcher that is
// killed takes the command along and leaves nobody stopped; what outlives the
// command can go on starting programs.
func TestWatcherSignals(t *testing.T) {
	u := newUser(t, "self", fixtures.Newest(t))
	dir := u.project(t, "c")
	u.run(t, 0, dir, "exec", "--", "true")
	start := func(script string) (*exec.Cmd, func() string) {
		cmd := u.command(t, dir, "exec", "--explain=files", "--", "bash", "-c", script)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		cmd.WaitDelay = 5 * time.Second
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd, out.String
	}
	ready := func(name string) {
		t.Helper()
		for range 60 * 40 { // a minute: the machine may be busy
			if _, err := os.Stat(dir + "/" + name); err == nil {
				return
			}
			time.Sleep(25 * time.Millisecond)
		}
		t.Fatalf("%s does not come", name)
	}
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGINT} {
		name := "ready-" + unix.SignalName(signal)
		cmd, out := start("trap 'echo caught; exit 9' " + unix.SignalName(signal) + "; : > " + name + "; for i in {1..100}; do sleep 0.1; done")
		ready(name)
		cmd.Process.Signal(signal)
		cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != 9 || !strings.Contains(out(), "caught") {
			t.Errorf("%v: exit code %d, %s", signal, code, out())
		}
	}

	cmd, _ := start("(exec sleep 63.5) & echo $$ > pids; echo $! >> pids; : > ready; wait")
	ready("ready")
	cmd.Process.Kill()
	cmd.Wait()
	data, err := os.ReadFile(dir + "/pids")
	if err != nil {
		t.Fatal(err)
	}
	pids := strings.Fields(string(data))
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat("/proc/" + pids[0]); err != nil {
			break
		}
		if time.Since(begin) > time.Minute {
			t.Fatal("the command outlives the watcher that was killed")
		}
	}
	if child, err := strconv.Atoi(pids[1]); err != nil || syscall.Kill(child, syscall.SIGKILL) != nil {
		t.Logf("its child is gone, too: %v", err)
	} else {
		for range 100 { // it can be killed: it is not stuck in a call that nobody answers
			if _, err := os.Stat("/proc/" + pids[1]); err != nil {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
	}

	cmd, out := start("(exec >/dev/null 2>&1; sleep 0.7; cat greet.c > late; jq --version >> late) & echo started")
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, out())
	}
	ready("late")
	for range 60 * 40 {
		if data, err := os.ReadFile(dir + "/late"); err == nil && strings.Contains(string(data), "jq-") {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	t.Error("what outlives the command cannot start programs")
}
