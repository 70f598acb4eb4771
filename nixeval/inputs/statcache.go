package inputs

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"os"
	"slices"
	"time"

	"github.com/google/renameio/v2"
)

// statCache remembers hashes of files. The file it is kept in is
// statMagic, the records sorted by path, and the hash of all that; anything
// else is taken for empty.
type statCache struct {
	file    string
	old     []record // as loaded, sorted
	next    int      // where the record after the last one found is
	new     []record // looked up or made in this process
	changed bool
}

type record struct {
	path  string
	id    identity
	taken uint64 // when reading began, ns since 1970
	sum   [sha256.Size]byte
}

const statMagic = "purity stat 3\n"

// slack is how much older than its hash a file's last change must be for the
// hash to be believed later. A change within one tick of the file system's
// clock leaves all of an identity as it was; ticks are at most 2 s (FAT),
// mostly some ms.
const slack = 2*time.Second + 100*time.Millisecond

// lookup returns the hash of a file that is certainly unchanged.
func (c *statCache) lookup(path string, id identity) (sum [sha256.Size]byte, ok bool) {
	if c.next >= len(c.old) || c.old[c.next].path != path {
		c.next, ok = slices.BinarySearchFunc(c.old, path, func(r record, p string) int { return cmp.Compare(r.path, p) })
		if !ok {
			return sum, false
		}
	}
	r := c.old[c.next]
	c.next++
	if r.id != id || r.taken < id.Ctime+uint64(slack) {
		return sum, false
	}
	c.new = append(c.new, r)
	return r.sum, true
}

func (c *statCache) store(path string, id identity, sum [sha256.Size]byte, taken time.Time) {
	c.new = append(c.new, record{path, id, uint64(taken.UnixNano()), sum})
	c.changed = true
}

// openStatCache reads the cache kept in file.
func openStatCache(file string) *statCache {
	c := &statCache{file: file}
	if file == "" {
		return c
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return c
	}
	c.old, _ = decodeRecords(data)
	return c
}

// save writes the files that this process looked at, if any of it is new. A cache that
// cannot be written is one that does not help, no more.
func (c *statCache) save() {
	if c.file == "" || !c.changed {
		return
	}
	slices.SortFunc(c.new, func(a, b record) int { return cmp.Compare(a.path, b.path) })
	renameio.WriteFile(c.file, encodeRecords(c.new), 0o600)
	c.old, c.new, c.next, c.changed = c.new, nil, 0, false
}

func encodeRecords(records []record) []byte {
	data := []byte(statMagic)
	for _, r := range records {
		data = binary.LittleEndian.AppendUint16(data, uint16(len(r.path)))
		data = append(data, r.path...)
		for _, n := range []uint64{r.id.Dev, r.id.Ino, r.id.Size, r.id.Mtime, r.id.Ctime, r.taken} {
			data = binary.LittleEndian.AppendUint64(data, n)
		}
		data = binary.LittleEndian.AppendUint32(data, r.id.Mode)
		data = append(data, r.sum[:]...)
	}
	sum := sha256.Sum256(data)
	return append(data, sum[:]...)
}

// recordSize is that of a record without its path.
const recordSize = 2 + 6*8 + 4 + sha256.Size

func decodeRecords(data []byte) ([]record, bool) {
	body := len(data) - sha256.Size
	if body < len(statMagic) || !bytes.HasPrefix(data, []byte(statMagic)) {
		return nil, false
	}
	if sum := sha256.Sum256(data[:body]); !bytes.Equal(sum[:], data[body:]) {
		return nil, false
	}
	data = data[len(statMagic):body]
	records := make([]record, 0, len(data)/(recordSize+40))
	text := string(data) // one allocation for all paths
	for at := 0; at < len(data); {
		if len(data)-at < recordSize {
			return nil, false
		}
		n := int(binary.LittleEndian.Uint16(data[at:]))
		if len(data)-at < recordSize+n {
			return nil, false
		}
		r := record{path: text[at+2 : at+2+n]}
		at += 2 + n
		for _, field := range []*uint64{&r.id.Dev, &r.id.Ino, &r.id.Size, &r.id.Mtime, &r.id.Ctime, &r.taken} {
			*field = binary.LittleEndian.Uint64(data[at:])
			at += 8
		}
		r.id.Mode = binary.LittleEndian.Uint32(data[at:])
		at += 4 + copy(r.sum[:], data[at+4:])
		records = append(records, r)
	}
	return records, slices.IsSortedFunc(records, func(a, b record) int { return cmp.Compare(a.path, b.path) })
}
