package selftest

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/fixtures"
)

// The words by which the test program runs a test as if the kernel's Landlock
// were older.
const (
	simulateWord = "__simulate"
	runWord      = "__run"
)

// runSimulation does the work of those words.
func runSimulation(args []string) (code int, ok bool) {
	if len(args) < 2 || args[1] != simulateWord && args[1] != runWord {
		return 0, false
	}
	var err error
	if args[1] == simulateWord {
		err = simulated()
	} else {
		var reports []Report
		if reports, err = Run(); err == nil {
			err = json.NewEncoder(os.Stdout).Encode(reports)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1, true
	}
	return 0, true
}

// simulated has a supervisor, at the other end of descriptor 3, answer
// Landlock's calls, and becomes the test.
func simulated() error {
	listener, err := fixtures.FilterLandlock(unix.SECCOMP_RET_USER_NOTIF)
	if err != nil {
		return err
	}
	if err := unix.Sendmsg(3, []byte("x"), unix.UnixRights(listener), nil, 0); err != nil {
		return err
	}
	unix.CloseOnExec(3)
	unix.CloseOnExec(listener)
	return unix.Exec("/proc/self/exe", []string{os.Args[0], runWord}, os.Environ())
}

// Messages of the kernel and a supervisor (linux/seccomp.h).
type notification struct {
	ID         uint64
	PID, Flags uint32
	Number     int32
	Machine    uint32
	At         uint64
	Args       [6]uint64
}

type answer struct {
	ID    uint64
	Value int64
	Error int32
	Flags uint32
}

const (
	receiveNotification = 0xc0502100
	sendAnswer          = 0xc0182101
)

// supervise answers until nobody asks any more.
func supervise(listener, abi int) {
	for {
		poll := []unix.PollFd{{Fd: int32(listener), Events: unix.POLLIN}}
		if _, err := unix.Poll(poll, -1); errors.Is(err, unix.EINTR) {
			continue
		} else if err != nil || poll[0].Revents&unix.POLLIN == 0 {
			return
		}
		var n notification
		if call(unix.SYS_IOCTL, uintptr(listener), receiveNotification, addressOf(&n)) != nil {
			continue // who asked is gone
		}
		a := n.answer(abi)
		call(unix.SYS_IOCTL, uintptr(listener), sendAnswer, addressOf(&a))
	}
}

// answer is the answer of a kernel with that version of Landlock, or has the real
// one answer.
func (n notification) answer(abi int) answer {
	refuse := func(errno unix.Errno) answer { return answer{ID: n.ID, Error: -int32(errno)} }
	switch n.Number {
	case unix.SYS_LANDLOCK_CREATE_RULESET:
		if n.Args[2] == 1 {
			return answer{ID: n.ID, Value: int64(abi)}
		}
		if errno := n.attributes(abi); errno != 0 {
			return refuse(errno)
		}
	case unix.SYS_LANDLOCK_ADD_RULE:
		if n.Args[1] == 2 && abi < 4 {
			return refuse(unix.EINVAL)
		}
	case unix.SYS_LANDLOCK_RESTRICT_SELF:
		if n.Args[1] != 0 && abi < 7 {
			return refuse(unix.EINVAL)
		}
	}
	return answer{ID: n.ID, Flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
}

// attributes judges those of a ruleset: files, ports, scopes.
func (n notification) attributes(abi int) unix.Errno {
	data := make([]byte, min(n.Args[1], 256))
	local := []unix.Iovec{{Base: &data[0]}}
	local[0].SetLen(len(data))
	if _, err := unix.ProcessVMReadv(int(n.PID), local, []unix.RemoteIovec{{Base: uintptr(n.Args[0]), Len: len(data)}}, 0); err != nil {
		return unix.EFAULT
	}
	known := []uint64{1<<13 - 1, 0, 0}
	for _, f := range []struct{ abi, field, bits int }{{2, 0, 1 << 13}, {3, 0, 1 << 14}, {4, 1, 3}, {5, 0, 1 << 15}, {6, 2, 3}} {
		if abi >= f.abi {
			known[f.field] |= uint64(f.bits)
		}
	}
	for i := 0; i+8 <= len(data); i += 8 {
		value := binary.NativeEndian.Uint64(data[i:])
		switch field := i / 8; {
		case field >= len(known) && value != 0:
			return unix.E2BIG
		case field < len(known) && value&^known[field] != 0:
			return unix.EINVAL
		}
	}
	return 0
}

// Versions of Landlock that no kernel of Debian has are simulated: everything
// comes out as it should there too.
func TestSimulated(t *testing.T) {
	for _, abi := range []int{1, 3, 4, 5} {
		t.Run(strconv.Itoa(abi), func(t *testing.T) {
			pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				t.Fatal(err)
			}
			theirs := os.NewFile(uintptr(pair[1]), "socket")
			cmd := exec.Command("/proc/self/exe", simulateWord)
			cmd.ExtraFiles = []*os.File{theirs}
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			theirs.Close()
			listener, err := receiveDescriptor(pair[0])
			if err != nil {
				t.Fatalf("%v\n%s", err, stderr.String())
			}
			go supervise(listener, abi)
			if err := cmd.Wait(); err != nil {
				t.Fatalf("%v\n%s", err, stderr.String())
			}
			var reports []Report
			if err := json.Unmarshal(stdout.Bytes(), &reports); err != nil {
				t.Fatal(err)
			}
			for _, r := range reports {
				if r.ABI != abi {
					t.Errorf("%s: ABI %d", r.Policy, r.ABI)
				}
				for _, result := range r.Results {
					if result.Wrong() {
						t.Errorf("%s: %s: %s, want %s; refused %q, twin %q", r.Policy, result.ID, result.Status, result.Expected, result.Refused, result.Twin)
					}
				}
			}
			if open := slices.ContainsFunc(reports[0].Results, func(r Result) bool { return r.ID == "file.truncate" && r.Status == Open }); open != (abi < 3) {
				t.Errorf("truncation is open: %v", open)
			}
		})
	}
}

func receiveDescriptor(socket int) (int, error) {
	f := os.NewFile(uintptr(socket), "socket")
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return -1, err
	}
	defer c.Close()
	control := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := c.(*net.UnixConn).ReadMsgUnix(make([]byte, 1), control)
	if err != nil {
		return -1, err
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil || len(messages) == 0 {
		return -1, fmt.Errorf("no descriptor came: %v", err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return -1, err
	}
	return fds[0], nil
}
