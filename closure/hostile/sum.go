package hostile

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// ErrBudget is the fault of files that are too much together for one look at them.
var ErrBudget = errors.New("too much to look at")

// Budget is how many bytes of files may still be read. Whoever makes files decides how
// many there are and how long each is, and so how long purity takes.
type Budget struct{ Bytes int64 }

// Sum is the hash of a regular file's content. Holes, of which a terabyte takes no
// space, are not read; they count as the zeros that they stand for, wherever the file
// system has them. A file that has more data than is left of the budget is
// [ErrBudget], within a [*fs.PathError], and leaves the budget as it is.
func (b *Budget) Sum(name string) (sum [sha256.Size]byte, err error) {
	file, err := Open(name)
	if err != nil {
		return sum, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return sum, err
	}
	left := b.Bytes
	block := make([]byte, min(info.Size(), blockSize))
	h := sha256.New()
	fmt.Fprintf(h, "%d:", info.Size())
	for at := int64(0); at < info.Size(); {
		from, to := nextData(file, at, info.Size())
		if from < 0 {
			break
		}
		// Blocks lie at multiples of their size, so that the same content gives the same
		// ones with holes and without.
		for from -= from % blockSize; from < to; from += blockSize {
			n, err := file.ReadAt(block[:min(blockSize, info.Size()-from)], from)
			if err != nil && !errors.Is(err, io.EOF) {
				return sum, err
			}
			if n == 0 { // it was cut meanwhile
				return sum, &fs.PathError{Op: "read", Path: name, Err: io.ErrUnexpectedEOF}
			}
			if left -= int64(n); left < 0 {
				return sum, &fs.PathError{Op: "read", Path: name, Err: ErrBudget}
			}
			if !bytes.Equal(block[:n], zeros[:n]) {
				h.Write(binary.BigEndian.AppendUint64(nil, uint64(from)))
				h.Write(block[:n])
			}
		}
		at = from
	}
	b.Bytes = left
	h.Sum(sum[:0])
	return sum, nil
}

// blockSize is how much is read at a time.
const blockSize = 64 << 10

var zeros [blockSize]byte

// maxParts is how many parts of a file are looked for by [Holes].
const maxParts = 10000

// Holes is how many bytes of a regular file are in no block of the disk. Bytes after a
// great many parts count as a hole.
func Holes(name string) (int64, error) {
	file, err := Open(name)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	holes := info.Size()
	for at, parts := int64(0), 0; at < info.Size() && parts < maxParts; parts++ {
		from, to := nextData(file, at, info.Size())
		if from < 0 {
			break
		}
		holes -= to - from
		at = to
	}
	return holes, nil
}
