package inputs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// indexEntry is a file that git tracks.
type indexEntry struct {
	path  string
	oid   string // what is staged
	mode  uint32
	flags uint32 // stage, assume-unchanged; extended: skip-worktree, intent-to-add
}

var errIndex = errors.New("not an index that is understood")

// The types of modes in an index; a directory stands for all below it in a sparse one.
const (
	modeType      = 0o170000
	modeSubmodule = 0o160000
)

const (
	statSize     = 40     // of the stat fields before the object name
	flagExtended = 0x4000 // two more bytes of flags follow (version 3)
	flagsKept    = 0xf000 // the rest is the length of the path
)

// parseIndex reads a git index of version 2, 3 or 4 (gitformat-index(5)), whole,
// sparse or split. Shared reads the other part of a split index, by its name.
// The stat fields are not looked at: they are about staged content, and Nix
// reads the work tree. What changes the meaning of entries and is not understood is
// errIndex.
func parseIndex(data []byte, oidSize int, shared func(oid string) ([]byte, error)) ([]indexEntry, error) {
	entries, extensions, err := parseEntries(data, oidSize)
	if err != nil {
		return nil, err
	}
	link, err := required(extensions)
	if err != nil || link == nil {
		return entries, err
	}
	return joinIndex(link, entries, oidSize, shared)
}

// parseEntries reads the entries of an index, and what comes after them.
func parseEntries(data []byte, oidSize int) (entries []indexEntry, extensions []byte, err error) {
	if len(data) < 12+oidSize || string(data[:4]) != "DIRC" {
		return nil, nil, fmt.Errorf("%w: no header", errIndex)
	}
	version, count := binary.BigEndian.Uint32(data[4:]), binary.BigEndian.Uint32(data[8:])
	if version < 2 || version > 4 {
		return nil, nil, fmt.Errorf("%w: version %d", errIndex, version)
	}
	end := len(data) - oidSize // a checksum comes last
	if int64(count)*int64(statSize+oidSize+2) > int64(end) {
		return nil, nil, fmt.Errorf("%w: %d entries in %d bytes", errIndex, count, end)
	}
	entries = make([]indexEntry, 0, count)
	at, path := 12, ""
	for range count {
		e, next, err := parseEntry(data[:end], at, oidSize, version, path)
		if err != nil {
			return nil, nil, err
		}
		entries, at, path = append(entries, e), next, e.path
	}
	return entries, data[at:end], nil
}

func parseEntry(data []byte, start, oidSize int, version uint32, previous string) (e indexEntry, next int, err error) {
	at := start + statSize + oidSize
	if len(data) < at+2 {
		return e, 0, fmt.Errorf("%w: it ends in an entry", errIndex)
	}
	e.mode = binary.BigEndian.Uint32(data[start+24:])
	e.oid = string(data[start+statSize : at])
	flags := binary.BigEndian.Uint16(data[at:])
	e.flags = uint32(flags & flagsKept)
	at += 2
	if flags&flagExtended != 0 {
		if version < 3 || len(data) < at+2 {
			return e, 0, fmt.Errorf("%w: extended flags in version %d", errIndex, version)
		}
		e.flags |= uint32(binary.BigEndian.Uint16(data[at:])) << 16
		at += 2
	}
	prefix := ""
	if version == 4 { // the path shares its beginning with the one before
		cut, size := offset(data[at:])
		if size == 0 || cut > uint64(len(previous)) {
			return e, 0, fmt.Errorf("%w: a path is cut too short", errIndex)
		}
		prefix = previous[:uint64(len(previous))-cut]
		at += size
	}
	n := bytes.IndexByte(data[at:], 0)
	if n < 0 {
		return e, 0, fmt.Errorf("%w: a path does not end", errIndex)
	}
	e.path = prefix + string(data[at:at+n])
	at += n + 1
	if version < 4 { // padded with 1 to 8 zeros to a multiple of 8
		at = start + (at-start+7)/8*8
	}
	if at > len(data) {
		return e, 0, fmt.Errorf("%w: it ends in an entry", errIndex)
	}
	return e, at, nil
}

// offset reads the variable-length number of a version 4 path, the encoding of
// pack files' offsets (gitformat-pack(5)), and how many bytes it has.
func offset(data []byte) (value uint64, size int) {
	for i, b := range data {
		if i > 8 {
			return 0, 0
		}
		if i > 0 {
			value++
		}
		value = value<<7 | uint64(b&0x7f)
		if b&0x80 == 0 {
			return value, i + 1
		}
	}
	return 0, 0
}

// required looks for extensions that must be understood: those whose name does not
// begin with a capital letter. Of these "sdir" says that entries can be directories,
// and link is the content of "link", nil if the index is not split.
func required(data []byte) (link []byte, err error) {
	for len(data) > 0 {
		if len(data) < 8 {
			return nil, fmt.Errorf("%w: it ends in an extension", errIndex)
		}
		name, size := string(data[:4]), int64(binary.BigEndian.Uint32(data[4:]))
		if int64(len(data)-8) < size {
			return nil, fmt.Errorf("%w: extension %q ends too soon", errIndex, name)
		}
		switch {
		case name == "link":
			link = data[8 : 8+size]
		case name == "sdir" || name[0] >= 'A' && name[0] <= 'Z':
		default:
			return nil, fmt.Errorf("%w: extension %q", errIndex, name)
		}
		data = data[8+size:]
	}
	return link, nil
}
