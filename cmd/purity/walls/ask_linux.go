package walls

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Ask runs a program and returns its standard output. The program that it
// runs can be a command's, which may never end, print without an end, or leave processes
// behind with its pipes open: so it has some time, is read up to maxAnswer, and reading
// ends when the program itself does, with the output so far. It is a session of
// its own, of which nothing stays: no process of its group, and no terminal to wait at.
// Its standard error is returned where cmd has none. Slow, if not nil, is called where the
// program takes long.
func Ask(cmd *exec.Cmd, patience time.Duration, slow func()) (answer, said []byte, err error) {
	var streams []*stream
	defer func() {
		for _, s := range streams {
			s.file.Close()
		}
	}()
	full := make(chan struct{}, 2)
	open := func() (*os.File, error) {
		out, in, err := os.Pipe()
		if err == nil {
			streams = append(streams, &stream{file: out, full: full, done: make(chan struct{})})
		}
		return in, err
	}
	theirs := []*os.File{}
	in, err := open()
	if err != nil {
		return nil, nil, err
	}
	cmd.Stdout, theirs = in, append(theirs, in)
	if cmd.Stderr == nil {
		if in, err = open(); err != nil {
			theirs[0].Close()
			return nil, nil, err
		}
		cmd.Stderr, theirs = in, append(theirs, in)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
	interrupts := interruptions()
	defer signal.Stop(interrupts)
	err = cmd.Start()
	for _, f := range theirs {
		f.Close()
	}
	if err != nil {
		return nil, nil, err
	}
	for _, s := range streams {
		go s.read()
	}
	fault := awaitChild(cmd, full, interrupts, patience, slow)
	for _, s := range streams {
		s.finish()
	}
	if err = cmd.Wait(); fault != nil {
		err = fault
	}
	if len(streams) > 1 {
		said = streams[1].data
	}
	for _, s := range streams {
		if len(s.data) > maxAnswer && fault == nil {
			err = errTooMuch
		}
	}
	return streams[0].data, said, err
}

// interruptions are the signals by which a person ends purity.
func interruptions() chan os.Signal {
	interrupts := make(chan os.Signal, 1)
	for _, s := range []os.Signal{os.Interrupt, unix.SIGTERM, unix.SIGHUP} {
		if !signal.Ignored(s) { // as nohup has it
			signal.Notify(interrupts, s)
		}
	}
	return interrupts
}

// awaitChild waits for a child that leads a session and kills the rest of its group,
// while its number still is its own. It is an error if the child had to be killed.
func awaitChild(cmd *exec.Cmd, full <-chan struct{}, interrupts <-chan os.Signal, patience time.Duration, slow func()) (fault error) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for errors.Is(unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil), unix.EINTR) {
		}
	}()
	notice, late := time.After(patience/60), time.After(patience)
	for running := true; running; {
		select {
		case <-ended:
		case <-notice:
			if slow != nil {
				slow()
			}
			continue
		case <-full:
			fault = errTooMuch
		case <-late:
			fault = fmt.Errorf("it did not end in %v", patience)
		case s := <-interrupts:
			fault = fmt.Errorf("it was ended: %v", s)
		}
		running = false
	}
	unix.Kill(-cmd.Process.Pid, unix.SIGKILL)
	<-ended
	return fault
}

// maxAnswer is how much is read of a program, 8 MB: a process gets less as its environment.
const maxAnswer = 8 << 20

var errTooMuch = fmt.Errorf("it prints more than %d MB", maxAnswer>>20)

// stream is one end of a pipe, and its output.
type stream struct {
	file *os.File
	data []byte
	full chan<- struct{} // told once when there is too much
	done chan struct{}
}

// read reads until nobody has the other end, there is too much, or finish is called.
func (s *stream) read() {
	defer close(s.done)
	buffer := make([]byte, 64<<10)
	for {
		n, err := s.file.Read(buffer)
		s.data = append(s.data, buffer[:n]...)
		if len(s.data) > maxAnswer {
			s.full <- struct{}{}
			return
		}
		if err != nil {
			return
		}
	}
}

// finish ends reading with the rest of the pipe: who ended has written all of it.
func (s *stream) finish() {
	s.file.SetReadDeadline(time.Now())
	<-s.done
	s.file.SetReadDeadline(time.Time{})
	conn, err := s.file.SyscallConn()
	if err != nil {
		return
	}
	buffer := make([]byte, 64<<10)
	conn.Read(func(fd uintptr) bool {
		for len(s.data) <= maxAnswer {
			n, err := unix.Read(int(fd), buffer)
			if errors.Is(err, unix.EINTR) {
				continue
			}
			if err != nil || n <= 0 {
				break
			}
			s.data = append(s.data, buffer[:n]...)
		}
		return true
	})
}
