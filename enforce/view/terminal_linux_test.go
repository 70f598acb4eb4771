package view

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// No signal is lost, whenever it comes: the command gets it, or purity ends before it starts one.
// A signal comes to purity alone, or from a terminal to the whole group.
func TestSignalled(t *testing.T) {
	if signal.Ignored(syscall.SIGINT) { // as a shell may start tests in the background
		signal.Notify(make(chan os.Signal, 1), syscall.SIGINT)
	}
	ways := map[string]func(*testing.T, *exec.Cmd) (send func()){
		"alone": func(_ *testing.T, cmd *exec.Cmd) func() {
			return func() { cmd.Process.Signal(syscall.SIGTERM) }
		},
		"terminal": func(t *testing.T, cmd *exec.Cmd) func() {
			master := atTerminal(t, cmd)
			return func() { master.WriteString("\x03") }
		},
	}
	for name, attr := range runners() {
		for way, prepare := range ways {
			t.Run(name+"/"+way, func(t *testing.T) {
				dir, program := world(t, attr)
				for range 15 {
					cmd := exec.Command(program, "in", dir, "exec sleep 1000") // a shell that starts it may lose the signal
					if cmd.SysProcAttr = new(syscall.SysProcAttr); attr != nil {
						*cmd.SysProcAttr = *attr
					}
					send := prepare(t, cmd)
					if err := cmd.Start(); err != nil {
						t.Fatal(err)
					}
					wait := time.Duration(rand.IntN(int(150 * time.Millisecond)))
					time.Sleep(wait)
					send()
					alarm := time.AfterFunc(2*time.Minute, func() { cmd.Process.Kill() })
					cmd.Wait()
					if !alarm.Stop() {
						t.Errorf("after %v the signal is lost", wait)
					}
				}
				left(t, dir)
			})
		}
	}
}

// A view that ends in the background leaves the terminal to the shell that has it.
func TestBackground(t *testing.T) {
	for name, attr := range runners() {
		t.Run(name, func(t *testing.T) {
			dir, program := world(t, attr)
			shell := exec.Command("/bin/sh", "-i")
			if shell.SysProcAttr = new(syscall.SysProcAttr); attr != nil {
				*shell.SysProcAttr = *attr
			}
			master := atTerminal(t, shell)
			if err := shell.Start(); err != nil {
				t.Fatal(err)
			}
			shell.Stdin.(*os.File).Close() // reading ends when nobody has the terminal
			alarm := time.AfterFunc(2*time.Minute, func() { shell.Process.Kill() })
			defer alarm.Stop()
			shown := ""
			for _, step := range []struct{ typed, want string }{
				{program + " in " + dir + " 'echo be''gun; exec sleep 2'\n", "begun"}, // dash that forks can lose the next
				{"\x1a", "Stopped"}, {"bg\n", "["}, {"wait; echo wai''ted\n", "waited"}, {"echo st''ill\n", "still"}, {"exit\n", ""},
			} {
				master.WriteString(step.typed)
				for data := make([]byte, 4096); !strings.Contains(shown, step.want); {
					n, err := master.Read(data)
					if shown += string(data[:n]); err != nil {
						shell.Process.Kill()
						t.Fatalf("after %q: %v\n%s", step.typed, err, shown)
					}
				}
			}
			shell.Wait()
		})
	}
}

// atTerminal makes a command lead the session of a new terminal, and returns its other end.
func atTerminal(t *testing.T, cmd *exec.Cmd) *os.File {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err = errors.Join(err, unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)); err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr.Setsid, cmd.SysProcAttr.Setctty = true, true
	return master
}
