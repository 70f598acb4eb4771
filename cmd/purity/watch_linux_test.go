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

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/fixtures"
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

// expect waits for output that matches, and forgets output before its end.
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

// signal sends a signal to a single process.
func (s *session) signal(pid, name string) {
	s.t.Helper()
	if out, err := exec.Command("bash", "-c", "kill -"+name+" "+pid).CombinedOutput(); err != nil {
		s.t.Fatalf("%v\n%s", err, out)
	}
}

const (
	ctrlC = "\x03"
	ctrlZ = "\x1a"
	ctrlD = "\x04"
	ctrlQ = "\x1c" // quit
)

// In a terminal, the watcher looks like the command that it watches.
func TestWatcherInTerminal(t *testing.T) {
	t.Parallel()
	u := newUser(t, "self", fixtures.Newest(t))
	dir := u.project(t, "c")
	u.run(t, 0, dir, "exec", "--", "true")
	ends := map[string]string{"who owns the terminal": `/dev/pts/\d+\r`, "a denial at the end": `code=126\.`, "not in its way with off": `parent bash\r`}
	for name, pattern := range ends {
		ends[name] = strings.TrimSpace(ending(t, name, pattern))
	}
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
			s.expect(ends["who owns the terminal"])
		},
		"in the background": func(s *session) {
			s.enter("$PURITY exec -- sh -c 'read x; echo read $x' &\n")
			time.Sleep(time.Second)
			s.enter("\n") // bash reports it with the next prompt
			s.expect(`Stopped`)
			s.enter("fg\n")
			s.enter("later\n")
			s.expect(`read later\r`)
		},
		"^C once": func(s *session) {
			s.enter("$PURITY exec -- bash -c 'n=0; trap \"n=\\$((n+1))\" INT; echo ready; for i in {1..10}; do sleep 0.1; done; echo n=$n.'\n")
			s.expect(`ready\r`)
			s.enter(ctrlC)
			s.expect(`n=1\.`)
		},
		"signals to it alone": func(s *session) {
			for _, signal := range []string{"INT", "QUIT", "TERM", "HUP", "USR1", "ALRM", "PWR", "WINCH", "CONT", "IO", "RTMIN+3"} {
				s.enter("(echo pid $BASHPID.; exec $PURITY exec -- bash -c 'trap \"echo got " + signal + "; exit 4\" " + signal + "; echo ready; for i in {1..600}; do sleep 0.1; done')\n")
				pid := s.expect(`pid (\d+)\.`)[1]
				s.expect(`ready\r`)
				s.signal(pid, signal)
				s.expect("got " + regexp.QuoteMeta(signal) + "\\r")
				s.enter("echo code=$?.\n")
				s.expect(`code=4\.`)
			}
		},
		"stopped alone": func(s *session) {
			for _, signal := range []string{"TSTP", "TTIN", "TTOU"} {
				s.enter("(echo pid $BASHPID.; exec $PURITY exec -- bash -c 'echo ready; read x; echo got $x')\n")
				pid := s.expect(`pid (\d+)\.`)[1]
				s.expect(`ready\r`)
				s.signal(pid, signal)
				s.expect(`Stopped`)
				s.enter("fg\n")
				s.expect(`PURITY exec`)
				s.enter("word\n")
				s.expect(`got word\r`)
			}
		},
		"timeout in the foreground": func(s *session) {
			s.enter("timeout --foreground -s INT 1 $PURITY exec -- sleep 600; echo code=$?.\n")
			s.expect(`code=124\.`)
		},
		"an alarm from before": func(s *session) {
			s.enter("perl -e 'alarm 2; exec @ARGV' $PURITY exec -- sleep 600; echo code=$?.\n")
			s.expect(`code=142\.`)
		},
		"a denial at the end": func(s *session) {
			s.enter("$PURITY exec -- sh -c '/usr/bin/env true; /usr/bin/true'; echo code=$?.\n")
			s.expect(`1 program outside the environment was denied`)
			s.expect(ends["a denial at the end"])
		},
		"not in its way with off": func(s *session) {
			s.enter("$PURITY exec --explain=off -- sh -c '/usr/bin/true; echo parent $(cat /proc/$PPID/comm)'\n")
			s.expect(ends["not in its way with off"])
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
