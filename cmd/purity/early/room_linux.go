package early

import (
	"syscall"
	"unsafe"
)

const (
	huge  = 2 << 20 // of amd64, and of arm64 with pages of 4 KB
	piece = 64 << 10
)

// taken keeps the compiler from having pieces elsewhere than in the heap.
var taken []byte

// roomy has the next two megabytes of the heap be one huge page, where the system allows
// that to those who ask (Documentation/admin-guide/mm/transhuge.rst). A start fills some
// hundred pages of it, one fault each, which is a third of its time in a virtual machine.
//
// The heap grows upwards from where it is, and a huge page begins at its own multiple, in
// which nothing was touched yet. So what is free below is taken, and never touched.
func roomy() {
	for range huge/piece + 1 {
		taken = make([]byte, piece)
		at := uintptr(unsafe.Pointer(unsafe.SliceData(taken)))
		if next := (at + huge - 1) &^ (huge - 1); next < at+piece {
			syscall.RawSyscall(syscall.SYS_MADVISE, next, huge, 14) // MADV_HUGEPAGE; it is no loss if it fails
			break
		}
	}
	taken = nil
}
