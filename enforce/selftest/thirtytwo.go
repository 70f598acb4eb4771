package selftest

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// thirtyTwoCode is for 32-bit x86. Without an argument it exits with 0; with one
// it asks for the session keyring (keyctl 288), and exits with 1 if that was
// refused with EPERM, else with 2.
const thirtyTwoCode = "\x8b\x04\x24\x83\xf8\x01\x74\x21\xb8\x20\x01\x00\x00\x31\xdb\xb9\xfd\xff\xff\xff\x31\xd2\xcd\x80\xbb\x01\x00\x00\x00\x83\xf8\xff\x74\x09\xbb\x02\x00\x00\x00\xeb\x02\x31\xdb\xb8\x01\x00\x00\x00\xcd\x80"

// thirtyTwo is the smallest static 32-bit program around that code.
func thirtyTwo() []byte {
	const base, headers = 0x08048000, 52 + 32
	size := uint32(headers + len(thirtyTwoCode))
	var b bytes.Buffer
	b.WriteString("\x7fELF\x01\x01\x01" + strings.Repeat("\x00", 9)) // 32 bits, low byte first
	for _, v := range []any{                                         // elf(5), Elf32_Ehdr and Elf32_Phdr
		uint16(2), uint16(3), uint32(1), uint32(base + headers), uint32(52), uint32(0), uint32(0), uint16(52), uint16(32), uint16(1), [6]byte{},
		uint32(1), uint32(0), uint32(base), uint32(base), size, size, uint32(5), uint32(0x1000),
	} {
		binary.Write(&b, binary.LittleEndian, v)
	}
	b.WriteString(thirtyTwoCode)
	return b.Bytes()
}
