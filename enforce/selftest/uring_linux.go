package selftest

import (
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The part of io_uring's interface (linux/io_uring.h) that an attack needs:
// one request to open a file.
const (
	ringRegisterPersonality = 9
	ringEnterGetEvents      = 1
	ringOpOpenat            = 18
	ringOffsetSQ            = 0
	ringOffsetCQ            = 0x8000000
	ringOffsetSQEs          = 0x10000000
)

type ringParams struct {
	SQEntries, CQEntries, Flags, CPU, Idle, Features, WorkQueue uint32
	Reserved                                                    [3]uint32
	SQ                                                          struct {
		Head, Tail, Mask, Entries, Flags, Dropped, Array, Reserved uint32
		User                                                       uint64
	}
	CQ struct {
		Head, Tail, Mask, Entries, Overflow, CQEs, Flags, Reserved uint32
		User                                                       uint64
	}
}

// ringRequest is a submission queue entry.
type ringRequest struct {
	opcode, flags         uint8
	priority              uint16
	fd                    int32
	offset, address       uint64
	length, openFlags     uint32
	userData              uint64
	bufferIndex, identity uint16
	rest                  [5]uint32
}

// newRing makes a ring that acts with the rights of this process, whoever
// uses it: a registered personality.
func (w *World) newRing() (*os.File, error) {
	fd, p, err := setupRing()
	if err != nil {
		return nil, err
	}
	w.Ring = p
	if _, _, errno := unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(fd), ringRegisterPersonality, 0, 0, 0, 0); errno != 0 {
		unix.Close(fd)
		return nil, errno
	}
	return os.NewFile(uintptr(fd), "ring"), nil
}

func setupRing() (int, ringParams, error) {
	var p ringParams
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 4, uintptr(unsafe.Pointer(&p)), 0)
	if errno != 0 {
		return -1, p, errno
	}
	return int(fd), p, nil
}

// ringOpen has a ring open a path with an identity: 0 is the caller's.
func ringOpen(fd int, p ringParams, path string, identity uint16) error {
	sq, err := unix.Mmap(fd, ringOffsetSQ, int(p.SQ.Array+p.SQEntries*4), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	cq, err := unix.Mmap(fd, ringOffsetCQ, int(p.CQ.CQEs+p.CQEntries*16), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	entries, err := unix.Mmap(fd, ringOffsetSQEs, int(p.SQEntries)*64, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	name, err := unix.BytePtrFromString(path)
	if err != nil {
		return err
	}
	request := (*ringRequest)(unsafe.Pointer(&entries[0]))
	*request = ringRequest{opcode: ringOpOpenat, fd: unix.AT_FDCWD, address: uint64(uintptr(unsafe.Pointer(name))), openFlags: unix.O_RDONLY, identity: identity}
	tail := (*uint32)(unsafe.Pointer(&sq[p.SQ.Tail]))
	*(*uint32)(unsafe.Pointer(&sq[p.SQ.Array])) = 0
	*tail++
	if _, _, errno := unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(fd), 1, 1, ringEnterGetEvents, 0, 0); errno != 0 {
		return errno
	}
	runtime.KeepAlive(name)
	result := *(*int32)(unsafe.Pointer(&cq[p.CQ.CQEs+8]))
	if result < 0 {
		return unix.Errno(-result)
	}
	return unix.Close(int(result))
}
