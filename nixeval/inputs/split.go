package inputs

import (
	"fmt"
	"slices"
	"strings"
)

// joinIndex is the index that a split one stands for (gitformat-index(5), "Split
// index"). Link names the shared part, and says by bitmaps which of its entries are
// gone and which the first of entries, those without a path, replace; the others are
// new.
func joinIndex(link string, entries []indexEntry, oidSize int, shared func(oid string) (string, error)) ([]indexEntry, error) {
	if len(link) < oidSize {
		return nil, fmt.Errorf("%w: link is too short", errIndex)
	}
	oid, rest := fmt.Sprintf("%x", link[:oidSize]), link[oidSize:]
	if strings.Trim(oid, "0") == "" { // split off nothing
		return entries, nil
	}
	data, err := shared(oid)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errIndex, err)
	}
	base, extensions, err := parseEntries(data, oidSize)
	if err != nil {
		return nil, fmt.Errorf("sharedindex.%s: %w", oid, err)
	}
	if other, err := required(extensions); err != nil || other != "" {
		return nil, fmt.Errorf("%w: sharedindex.%s is split itself", errIndex, oid)
	}
	removed, replaced := make([]bool, len(base)), make([]bool, len(base))
	if len(rest) > 0 { // else nothing changed
		if rest, err = bitmap(rest, removed); err == nil {
			rest, err = bitmap(rest, replaced)
		}
		if err != nil || len(rest) > 0 {
			return nil, fmt.Errorf("%w: link has no bitmaps", errIndex)
		}
	}
	joined := base[:0]
	for i, e := range base {
		if replaced[i] {
			if len(entries) == 0 || entries[0].path != "" {
				return nil, fmt.Errorf("%w: no entry replaces %s", errIndex, e.path)
			}
			e.oid, e.mode, e.flags = entries[0].oid, entries[0].mode, entries[0].flags
			entries = entries[1:]
		}
		if !removed[i] {
			joined = append(joined, e)
		}
	}
	if slices.ContainsFunc(entries, func(e indexEntry) bool { return e.path == "" }) {
		return nil, fmt.Errorf("%w: an entry without a path replaces nothing", errIndex)
	}
	joined = append(joined, entries...)
	slices.SortFunc(joined, func(a, b indexEntry) int {
		if order := strings.Compare(a.path, b.path); order != 0 {
			return order
		}
		return int(a.stage()) - int(b.stage())
	})
	return joined, nil
}

// stage is 0 of a file, and 1 to 3 of the sides of a merge.
func (e indexEntry) stage() uint32 { return e.flags >> 12 & 3 }

// bitmap sets those of into that an EWAH bitmap names (git's ewah/ewah_io.c): how many
// bits and how many words there are, 64-bit words, and where the last of the words is
// that describe the rest. Such a word has a bit, how many words of that bit come, and how
// many words as they are after them.
func bitmap(data string, into []bool) (rest string, err error) {
	const word = 8
	if len(data) < 8 {
		return "", errIndex
	}
	words := int64(number(data[4:]))
	data = data[8:]
	if int64(len(data)) < words*word+4 {
		return "", errIndex
	}
	data, rest = data[:words*word], data[words*word+4:]
	at := uint64(0) // the next bit
	for len(data) > 0 {
		marker := long(data)
		data = data[word:]
		run, literals := (marker>>1&0xffffffff)*64, int(marker>>33)
		if marker&1 != 0 {
			if at+run > uint64(len(into)) {
				return "", errIndex
			}
			for i := range run {
				into[at+i] = true
			}
		}
		at += run
		if len(data)/word < literals {
			return "", errIndex
		}
		for range literals {
			bits := long(data)
			data = data[word:]
			for i := range uint64(64) {
				if bits>>i&1 == 0 {
					continue
				}
				if at+i >= uint64(len(into)) {
					return "", errIndex
				}
				into[at+i] = true
			}
			at += 64
		}
	}
	return rest, nil
}

// long reads eight bytes.
func long(s string) uint64 { return uint64(number(s))<<32 | uint64(number(s[4:])) }
