package host

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
)

// object is the part of an ELF file that the dynamic loader reads. debug/elf of Go's
// library reads all of it, and brings readers of compressed debugging information along.
type object struct {
	interpreter string
	needed      []string
	runpath     []string // for its own libraries
	rpath       []string // for those of its libraries, too
	kind        kind
}

// kind is which programs a file fits: the first bytes of both are the same (elf(5)).
type kind struct {
	class   byte // 1 for 32 bits, 2 for 64
	data    byte // 1 for the low byte first, 2 for the high one
	machine uint16
}

// Machines (elf(5), e_machine), types of segments, tags of the dynamic section.
const (
	em386, emPPC64, emS390, emARM, emX8664, emAArch64, emRISCV = 3, 21, 22, 40, 62, 183, 243

	ptLoad, ptDynamic, ptInterp                    = 1, 2, 3
	dtNeeded, dtStrtab, dtRpath, dtRunpath, dtNull = 1, 5, 15, 29, 0
)

const (
	maxSegments = 1 << 10
	maxDynamic  = 1 << 20
	maxText     = 4096 // PATH_MAX
)

var errELF = errors.New("not an ELF file that a loader would take")

// elfFile is one that is being read.
type elfFile struct {
	fd    int
	kind  kind
	order binary.ByteOrder
	loads []segment
}

type segment struct{ kind, offset, address, size uint64 }

// openELF opens a file if it begins as an ELF file does.
func openELF(file string) (f elfFile, head [64]byte, err error) {
	f.fd, err = syscall.Open(file, syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return f, head, err
	}
	n, err := syscall.Pread(f.fd, head[:], 0)
	f.kind = kind{head[4], head[5], 0}
	f.order = binary.LittleEndian
	if f.kind.data == 2 {
		f.order = binary.BigEndian
	}
	f.kind.machine = f.order.Uint16(head[18:])
	if err == nil && (n < 52 || string(head[:4]) != "\x7fELF" || f.kind.class != 1 && f.kind.class != 2) {
		err = errELF
	}
	if err != nil {
		syscall.Close(f.fd)
	}
	return f, head, err
}

// word reads a number that is as wide as an address: in 64 bits at one place, in 32 at another.
func (f elfFile) word(data []byte, at64, at32 int) uint64 {
	if f.kind.class == 2 {
		return f.order.Uint64(data[at64:])
	}
	return uint64(f.order.Uint32(data[at32:]))
}

// read reads so much, or as much as there is.
func (f elfFile) read(offset, size uint64, limit uint64) ([]byte, error) {
	if size > limit || offset > 1<<62 {
		return nil, errELF
	}
	data := make([]byte, size)
	n, err := syscall.Pread(f.fd, data, int64(offset))
	return data[:max(n, 0)], err
}

// text reads a text that ends with a zero.
func (f elfFile) text(offset uint64) (string, error) {
	data, err := f.read(offset, 128, maxText)
	if end := bytes.IndexByte(data, 0); end >= 0 || err != nil {
		return string(data[:max(end, 0)]), err
	}
	if data, err = f.read(offset, maxText, maxText); err != nil {
		return "", err
	}
	if end := bytes.IndexByte(data, 0); end >= 0 {
		return string(data[:end]), nil
	}
	return "", errELF
}

// at is the place in the file of what is loaded to an address.
func (f elfFile) at(address uint64) (uint64, error) {
	for _, s := range f.loads {
		if s.kind == ptLoad && address >= s.address && address-s.address < s.size {
			return s.offset + address - s.address, nil
		}
	}
	return 0, errELF
}

func readELF(file string) (object, error) {
	o, err := parseELF(file)
	if err != nil {
		return object{}, fmt.Errorf("read ELF file %s: %w", file, err)
	}
	return o, nil
}

func parseELF(file string) (o object, err error) {
	f, head, err := openELF(file)
	if err != nil {
		return o, err
	}
	defer syscall.Close(f.fd)
	o.kind = f.kind
	size, count, wide := int(f.order.Uint16(head[42:])), int(f.order.Uint16(head[44:])), 32
	if f.kind.class == 2 {
		size, count, wide = int(f.order.Uint16(head[54:])), int(f.order.Uint16(head[56:])), 56
	}
	if count > maxSegments || size < wide {
		return o, errELF
	}
	table, err := f.read(f.word(head[:], 32, 28), uint64(size*count), maxDynamic)
	if err != nil {
		return o, err
	}
	for ; len(table) >= size && size > 0; table = table[size:] {
		f.loads = append(f.loads, segment{uint64(f.order.Uint32(table)), f.word(table, 8, 4), f.word(table, 16, 8), f.word(table, 32, 16)})
	}
	return o, f.linked(filepath.Dir(file), &o)
}

// linked reads what the segments say about the loader and libraries.
func (f elfFile) linked(origin string, o *object) (err error) {
	for _, s := range f.loads {
		switch s.kind {
		case ptInterp:
			o.interpreter, err = f.text(s.offset)
		case ptDynamic:
			err = f.dynamic(s, origin, o)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dynamic reads the dynamic section.
func (f elfFile) dynamic(s segment, origin string, o *object) error {
	data, err := f.read(s.offset, s.size, maxDynamic)
	if err != nil {
		return err
	}
	entry := 8 * int(f.kind.class)
	named := map[uint64][]uint64{}
	for ; len(data) >= entry; data = data[entry:] {
		tag := f.word(data, 0, 0)
		if tag == dtNull {
			break
		}
		switch tag {
		case dtNeeded, dtStrtab, dtRpath, dtRunpath:
			named[tag] = append(named[tag], f.word(data, 8, 4))
		}
	}
	texts := func(tag uint64) (all []string, err error) {
		for _, offset := range named[tag] {
			table := named[dtStrtab]
			if len(table) == 0 {
				return nil, errELF
			}
			place, err := f.at(table[0] + offset)
			if err != nil {
				return nil, err
			}
			text, err := f.text(place)
			if err != nil {
				return nil, err
			}
			all = append(all, text)
		}
		return all, nil
	}
	if o.needed, err = texts(dtNeeded); err != nil {
		return err
	}
	if o.runpath, err = directories(texts, dtRunpath, origin); o.runpath == nil && err == nil { // ld.so(8): RPATH counts only without it
		o.rpath, err = directories(texts, dtRpath, origin)
	}
	return err
}

// directories are those of a tag.
func directories(texts func(uint64) ([]string, error), tag uint64, origin string) ([]string, error) {
	paths, err := texts(tag)
	if len(paths) == 0 {
		return nil, err
	}
	all := strings.NewReplacer("$ORIGIN", origin, "${ORIGIN}", origin).Replace(strings.Join(paths, ":"))
	return strings.FieldsFunc(all, func(r rune) bool { return r == ':' }), nil
}
