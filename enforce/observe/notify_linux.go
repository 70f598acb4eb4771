package observe

import (
	"errors"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/nix-purity/purity/enforce"
	"github.com/nix-purity/purity/enforce/seccomp"
)

// notification and answer are the messages of kernel and supervisor
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

// line is where calls come in, and where the word comes to stop.
type line struct {
	turn     sync.Mutex
	listener int
	stop     int // readable when it is time

	busy     int  // readers that look at a call
	parallel int  // grows while several do, else falls
	atOnce   bool // see wakeUp
	state    sync.Mutex
}

// wakeUp counts a reader that begins (1) or ends (-1) and chooses how the
// kernel wakes readers. At once, on the processor of who asks, is eight times as
// quick for calls one after another, and on a busy machine the difference
// between working and waiting; for calls in parallel it is the slower way.
// Kernels before 6.6 have only that.
func (l *line) wakeUp(change int) {
	const most, many = 64, 16
	l.state.Lock()
	defer l.state.Unlock()
	l.busy += change
	if l.busy > 1 {
		l.parallel = min(l.parallel+4, most)
	} else {
		l.parallel = max(l.parallel-1, 0)
	}
	if want := l.parallel < many; want != l.atOnce {
		l.atOnce = want
		flags := uintptr(0)
		if want {
			flags = unix.SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
		}
		unix.Syscall(unix.SYS_IOCTL, uintptr(l.listener), notifySetFlags, flags)
	}
}

// receive waits for a call that is not easy, and lets the kernel make those that are; false is
// the end: nobody is watched any more, or it is time to stop. Readers take turns, for one that
// waits for a call that another has taken could not be stopped.
func (l *line) receive(n *notification, easy func(*notification) bool) bool {
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
		if errno == 0 && !easy(n) {
			return true
		}
		if errno == 0 {
			n.answer(l.listener, 0)
			l.wakeUp(0)
		} else if errno != unix.ENOENT && errno != unix.EINTR { // who asked is gone
			return false
		}
	}
}

// hard has no call be easy.
func hard(*notification) bool { return false }

// Filter is the system call filter of the watched, which leaves it to who watches to say
// no. The zero value refuses nothing.
type Filter struct {
	Rules    *seccomp.Rules // nil for no filter
	Enforced bool
}

// FilterOf is the filter of a policy for the process that becomes the command, enforced
// with a version of Landlock, or [Unenforced].
func FilterOf(p enforce.Policy, abi, pid int) Filter {
	rules, ok := p.Refusals(pid)
	if !ok {
		return Filter{}
	}
	return Filter{Rules: &rules, Enforced: abi != Unenforced}
}

// refuses is the part of a call that the filter denies, or would if it were enforced.
func (f Filter) refuses(n *notification) (seccomp.Refusal, bool) {
	if f.Rules == nil {
		return seccomp.Refusal{}, false
	}
	return f.Rules.Refuses(n.audit, n.number, n.args)
}

// says is the answer to a call: an errno, or 0 to let the kernel make it. A call that is
// only asked about because it is refused is refused, whatever the rules say of it.
func (f Filter) says(n *notification) unix.Errno {
	if !f.Enforced {
		return 0
	}
	if r, refused := f.refuses(n); refused {
		return r.Errno
	}
	if !seccomp.Observed(n.audit, n.number) {
		return unix.EPERM
	}
	return 0
}

// answer lets the kernel make the call, or fails it.
func (n *notification) answer(listener int, errno unix.Errno) {
	a := answer{id: n.id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
	if errno != 0 {
		a.flags, a.error = 0, -int32(errno)
	}
	control(listener, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&a))
}

// alive reports whether who asked still waits for an answer.
func (n *notification) alive(listener int) bool {
	return control(listener, unix.SECCOMP_IOCTL_NOTIF_ID_VALID, unsafe.Pointer(&n.id)) == 0
}

// control asks a listener. A signal to this process interrupts who waits for the listener's lock
// (mutex_lock_interruptible in kernel/seccomp.c); without another try nobody would ever answer the
// call, and its process would wait for good.
func control(listener int, request uintptr, about unsafe.Pointer) unix.Errno {
	for {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(listener), request, uintptr(about))
		if errno != unix.EINTR {
			return errno
		}
	}
}

// Continue answers every watched call until nobody is watched: for processes
// that outlive who watched them.
func Continue(listener int, filter Filter) {
	l := line{listener: listener, stop: -1}
	var n notification
	for l.receive(&n, hard) {
		n.answer(listener, filter.says(&n))
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
	n, err := unix.ProcessVMReadv(int(pid), local, []unix.RemoteIovec{{Base: uintptr(address), Len: len(data)}}, 0)
	if err == unix.EPERM {
		err = errHidden
	}
	return n, err
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
			return "", err
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
