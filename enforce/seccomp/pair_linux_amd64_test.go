package seccomp

import (
	"errors"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// Which pairs of UNIX sockets reach further than to each other, as the rules for them
// have it: a kernel that thinks otherwise is noticed here.
func TestPairsReach(t *testing.T) {
	for kind, want := range map[int]bool{unix.SOCK_STREAM: false, unix.SOCK_SEQPACKET: false, unix.SOCK_DGRAM: true, unix.SOCK_RAW: true} {
		name := filepath.Join(t.TempDir(), "service")
		typed := kind
		if typed == unix.SOCK_RAW { // which the kernel makes a datagram socket
			typed = unix.SOCK_DGRAM
		}
		service, err := unix.Socket(unix.AF_UNIX, typed|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(service)
		address := &unix.SockaddrUnix{Name: name}
		if err := unix.Bind(service, address); err != nil {
			t.Fatal(err)
		}
		if err := unix.Listen(service, 1); err != nil && !errors.Is(err, unix.EOPNOTSUPP) {
			t.Fatal(err)
		}
		pair, err := unix.Socketpair(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(pair[0])
		arrived := func() bool {
			if n, _, err := unix.Accept4(service, unix.SOCK_CLOEXEC); err == nil {
				unix.Close(n)
				return true
			}
			n, _, err := unix.Recvfrom(service, make([]byte, 8), 0)
			return err == nil && n == 1
		}
		unix.Sendto(pair[0], []byte("x"), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, address)
		sent := arrived()
		unix.Close(pair[1]) // one whose peer is gone could look for another
		unix.Connect(pair[0], &unix.SockaddrUnix{Name: name})
		unix.Sendto(pair[0], []byte("x"), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, address)
		if reached := arrived() || sent; reached != want {
			t.Errorf("type %d: reaches further: %v, want %v", kind, reached, want)
		}
		if got := run(t, Rules{NoUnix: true}, call{machines[0].audit, native["socketpair"], [6]uint64{unix.AF_UNIX, uint64(kind), 0}}) != allow; got != want {
			t.Errorf("type %d: refused %v, want %v", kind, got, want)
		}
	}
}
