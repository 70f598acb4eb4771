package observe

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// notification and answer are what kernel and supervisor tell each other
// (struct seccomp_notif and seccomp_notif_resp of linux/seccomp.h).
type notification struct {
	id         uint64
	pid, flags uint32
	number     int32
	audit      uint32
	at         uint64
	args       [6]uint64
}

type answer struct {
	id    uint64
	value int64
	error int32
	flags uint32
}

const notifySetFlags = 0x40082104 // SECCOMP_IOCTL_NOTIF_SET_FLAGS

// syncWakeUp has the supervisor run at once on the processor of who asks, which
// is eight times as quick; kernels before 6.6 do not know it and go without.
func syncWakeUp(listener int) {
	unix.Syscall(unix.SYS_IOCTL, uintptr(listener), notifySetFlags, unix.SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP)
}

// line is where calls come in, and where the word comes to stop.
type line struct {
	turn     sync.Mutex
	listener int
	stop     int // readable when it is time
}

// receive waits for a call; false is the end: nobody is watched any more, or it
// is time to stop. Readers take turns, for one that waits for a call that
// another has taken could not be stopped.
func (l *line) receive(n *notification) bool {
	l.turn.Lock()
	defer l.turn.Unlock()
	for {
		poll := []unix.PollFd{{Fd: int32(l.listener), Events: unix.POLLIN}, {Fd: int32(l.stop), Events: unix.POLLIN}}
		if _, err := unix.Poll(poll, -1); errors.Is(err, unix.EINTR) {
			continue
		} else if err != nil || poll[1].Revents != 0 || poll[0].Revents&unix.POLLIN == 0 {
			return false
		}
		*n = notification{}
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(l.listener), unix.SECCOMP_IOCTL_NOTIF_RECV, uintptr(unsafe.Pointer(n)))
		if errno == 0 {
			return true
		}
		if errno != unix.ENOENT && errno != unix.EINTR { // who asked is gone
			return false
		}
	}
}

// goOn lets the kernel make the call.
func (n *notification) goOn(listener int) {
	a := answer{id: n.id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
	unix.Syscall(unix.SYS_IOCTL, uintptr(listener), unix.SECCOMP_IOCTL_NOTIF_SEND, uintptr(unsafe.Pointer(&a)))
}

// Continue lets every watched call go on until nobody is watched: for
// processes that outlive who watched them.
func Continue(listener int) {
	l := line{listener: listener, stop: -1}
	var n notification
	for l.receive(&n) {
		n.goOn(listener)
	}
}

// Over reports whether nobody is watched any more.
func Over(listener int) bool {
	poll := []unix.PollFd{{Fd: int32(listener)}}
	unix.Poll(poll, 0)
	return poll[0].Revents&unix.POLLHUP != 0
}

// memory reads from another process.
func memory(pid uint32, address uint64, data []byte) (int, error) {
	local := []unix.Iovec{{Base: &data[0]}}
	local[0].SetLen(len(data))
	return unix.ProcessVMReadv(int(pid), local, []unix.RemoteIovec{{Base: uintptr(address), Len: len(data)}}, 0)
}

// text reads a string. A page is the least that can be mapped, so reading goes
// page by page.
func text(pid uint32, address uint64) (string, error) {
	const page = 4096
	var s []byte
	for len(s) < page { // PATH_MAX
		data := make([]byte, min(page-address%page, 256))
		n, err := memory(pid, address, data)
		if err != nil {
			return "", fmt.Errorf("read memory of process %d: %w", pid, err)
		}
		for i, c := range data[:n] {
			if c == 0 {
				return string(append(s, data[:i]...)), nil
			}
		}
		s = append(s, data[:n]...)
		address += uint64(n)
	}
	return "", unix.ENAMETOOLONG
}
