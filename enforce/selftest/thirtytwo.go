package selftest

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
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
	ident := [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS32), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)}
	binary.Write(&b, binary.LittleEndian, elf.Header32{
		Ident: ident, Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_386), Version: 1, Entry: base + headers,
		Phoff: 52, Ehsize: 52, Phentsize: 32, Phnum: 1,
	})
	binary.Write(&b, binary.LittleEndian, elf.Prog32{
		Type: uint32(elf.PT_LOAD), Vaddr: base, Paddr: base, Filesz: size, Memsz: size, Flags: uint32(elf.PF_R | elf.PF_X), Align: 0x1000,
	})
	b.WriteString(thirtyTwoCode)
	return b.Bytes()
}
