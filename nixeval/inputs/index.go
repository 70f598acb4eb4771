package inputs

import (
	"errors"
	"fmt"
	"strings"
)

// indexEntry is a file that git tracks. Its strings are parts of the index, so that many
// of them take little memory.
type indexEntry struct {
	path  string
	oid   string // of the staged content
	mode  uint32
	flags uint32 // stage, assume-unchanged; extended: skip-worktree, intent-to-add
}

var errIndex = errors.New("not an index that is understood")

// The types of modes in an index; a directory stands for all below it in a sparse one.
const (
	modeType      = 0o170000
	modeSubmodule = 0o160000
	modeDirectory = 0o040000
)

const (
	statSize      = 40           // of the stat fields before the object name
	flagUnchanged = 0x8000       // assume-unchanged
	flagSkip      = 0x4000 << 16 // skip-worktree
	flagExtended  = 0x4000       // two more bytes of flags follow (version 3)
	flagsKept     = 0xf000       // the rest is the length of the path
)

// maxEntries is how many files an index may have that is read here. Each of them
// takes memory: these take some 70 MB. A greater repository is Nix's to read.
const maxEntries = 100000

// Paths of version 4 share their beginnings, so that few bytes stand for many.
const (
	maxPath  = 4096     // the kernel's limit (limits.h, PATH_MAX)
	maxPaths = 16 << 20 // of all paths of such an index
)

// number reads four bytes.
func number(s string) uint32 {
	return uint32(s[0])<<24 | uint32(s[1])<<16 | uint32(s[2])<<8 | uint32(s[3])
}

// parseIndex reads a git index of version 2, 3 or 4 (gitformat-index(5)), whole,
// sparse or split. Shared reads the other part of a split index, by its name.
// The stat fields are not looked at: they are about staged content, and Nix
// reads the work tree. An unknown extension that changes the meaning of entries is
// errIndex.
func parseIndex(data string, oidSize int, shared func(oid string) (string, error)) ([]indexEntry, error) {
	entries, extensions, err := parseEntries(data, oidSize)
	if err != nil {
		return nil, err
	}
	link, err := required(extensions)
	if err == nil && link != "" {
		entries, err = joinIndex(link, entries, oidSize, shared)
	}
	if err == nil {
		err = wellFormed(entries)
	}
	return entries, err
}

// parseEntries reads the entries of an index, and the extensions after them.
func parseEntries(data string, oidSize int) (entries []indexEntry, extensions string, err error) {
	if len(data) < 12+oidSize || data[:4] != "DIRC" {
		return nil, "", fmt.Errorf("%w: no header", errIndex)
	}
	version, count := number(data[4:]), number(data[8:])
	if version < 2 || version > 4 {
		return nil, "", fmt.Errorf("%w: version %d", errIndex, version)
	}
	if count > maxEntries {
		return nil, "", uncacheable("git tracks %d files, and no more than %d are looked at", count, maxEntries)
	}
	end := len(data) - oidSize // a checksum comes last
	if int64(count)*int64(statSize+oidSize+2) > int64(end) {
		return nil, "", fmt.Errorf("%w: %d entries in %d bytes", errIndex, count, end)
	}
	entries = make([]indexEntry, 0, count)
	at, path, together := 12, "", 0
	for range count {
		e, next, err := parseEntry(data[:end], at, oidSize, version, path)
		if err != nil {
			return nil, "", err
		}
		if together += len(e.path); version == 4 && together > maxPaths {
			return nil, "", fmt.Errorf("%w: its paths have more than %d bytes", errIndex, maxPaths)
		}
		entries, at, path = append(entries, e), next, e.path
	}
	return entries, data[at:end], nil
}

func parseEntry(data string, start, oidSize int, version uint32, previous string) (e indexEntry, next int, err error) {
	at := start + statSize + oidSize
	if len(data) < at+2 {
		return e, 0, fmt.Errorf("%w: it ends in an entry", errIndex)
	}
	e.mode = number(data[start+24:])
	e.oid = data[start+statSize : at]
	flags := uint32(data[at])<<8 | uint32(data[at+1])
	e.flags = flags & flagsKept
	at += 2
	if flags&flagExtended != 0 {
		if version < 3 || len(data) < at+2 {
			return e, 0, fmt.Errorf("%w: extended flags in version %d", errIndex, version)
		}
		e.flags |= (uint32(data[at])<<8 | uint32(data[at+1])) << 16
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
	n := strings.IndexByte(data[at:], 0)
	if n < 0 || len(prefix)+n > maxPath {
		return e, 0, fmt.Errorf("%w: a path does not end", errIndex)
	}
	e.path = prefix + data[at:at+n]
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
func offset(data string) (value uint64, size int) {
	for i := range len(data) {
		b := data[i]
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
// and link is the content of "link", empty if the index is not split.
func required(data string) (link string, err error) {
	for len(data) > 0 {
		if len(data) < 8 {
			return "", fmt.Errorf("%w: it ends in an extension", errIndex)
		}
		name, size := data[:4], int64(number(data[4:]))
		if int64(len(data)-8) < size {
			return "", fmt.Errorf("%w: extension %q ends too soon", errIndex, name)
		}
		switch {
		case name == "link" && size == 0:
			return "", fmt.Errorf("%w: extension %q is empty", errIndex, name)
		case name == "link":
			link = data[8 : 8+size]
		case name == "sdir" || name[0] >= 'A' && name[0] <= 'Z':
		default:
			return "", fmt.Errorf("%w: extension %q", errIndex, name)
		}
		data = data[8+size:]
	}
	return link, nil
}
