package hostile

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// sparse makes a file with pieces of text at offsets, and holes between them.
func sparse(t *testing.T, name string, size int64, at ...int64) {
	t.Helper()
	file, err := os.Create(name)
	if err == nil {
		err = file.Truncate(size)
	}
	for _, offset := range at {
		if err == nil {
			_, err = file.WriteAt([]byte("text"), offset)
		}
	}
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
}

// The hash of a file is that of its content: where its holes are does not count, and
// whatever else there is does.
func TestSum(t *testing.T) {
	dir := t.TempDir()
	sum := func(name string) [32]byte {
		t.Helper()
		b := Budget{1 << 30}
		got, err := b.Sum(name)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	seen := map[[32]byte]string{}
	for _, size := range []int64{0, 1, 4096, blockSize, blockSize + 1, 10*blockSize + 7} {
		for _, at := range [][]int64{nil, {0}, {4096}, {blockSize - 2}, {3 * blockSize}, {0, 3*blockSize + 5000}} {
			if len(at) > 0 && size < at[len(at)-1]+4 {
				continue
			}
			name := filepath.Join(dir, "holes")
			sparse(t, name, size, at...)
			holes := sum(name)
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			full := filepath.Join(dir, "full")
			if err := os.WriteFile(full, text, 0o600); err != nil {
				t.Fatal(err)
			}
			if sum(full) != holes {
				t.Errorf("%d bytes with text at %d: holes count", size, at)
			}
			key := filepath.Join(dir, string(bytes.TrimLeft(text, "\x00")))
			if other, ok := seen[holes]; ok {
				t.Errorf("%d bytes with text at %d have the hash of another file, %q", size, at, other)
			}
			seen[holes] = key
		}
	}
}

// Files without end take no time, and none takes more than there is left.
func TestBudget(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	sparse(t, at("terabyte"), 1<<40, 1<<39)
	if err := os.WriteFile(at("full"), bytes.Repeat([]byte("x"), 3*blockSize), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Symlink("/dev/zero", at("zero")), unix.Mkfifo(at("fifo"), 0o600)); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for _, tt := range []struct {
		name       string
		have, left int64
		want       error
	}{
		{"terabyte", 1 << 20, 1<<20 - blockSize, nil},
		{"full", 3 * blockSize, 0, nil},
		{"full", 3*blockSize - 1, 3*blockSize - 1, ErrBudget},
		{"terabyte", 0, 0, ErrBudget},
		{"zero", 1 << 20, 1 << 20, ErrNotRegular},
		{"fifo", 1 << 20, 1 << 20, ErrNotRegular},
		{"absent", 1 << 20, 1 << 20, fs.ErrNotExist},
	} {
		b := Budget{tt.have}
		if _, err := b.Sum(at(tt.name)); !errors.Is(err, tt.want) || b.Bytes != tt.left {
			t.Errorf("%s with %d: %v, %d left", tt.name, tt.have, err, b.Bytes)
		}
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	if holes, err := Holes(at("terabyte")); err != nil || holes < 1<<40-blockSize {
		t.Errorf("%d bytes of holes, %v", holes, err)
	}
	if holes, err := Holes(at("full")); err != nil || holes != 0 {
		t.Errorf("a full file has %d bytes of holes, %v", holes, err)
	}
}

// A directory with too many files is not read to its end, and one without is sorted.
func TestList(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b", "c", "a"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := List(dir, 3)
	if err != nil || len(entries) != 3 || !slices.IsSortedFunc(entries, func(a, b fs.DirEntry) int { return bytes.Compare([]byte(a.Name()), []byte(b.Name())) }) {
		t.Errorf("%v, %v", entries, err)
	}
	for _, limit := range []int{2, 0, -1} {
		if _, err := List(dir, limit); !errors.Is(err, ErrBudget) {
			t.Errorf("at most %d: %v", limit, err)
		}
	}
	n := 0
	if err := Each(dir, func(fs.DirEntry) error { n++; return nil }); err != nil || n != 3 {
		t.Errorf("%d, %v", n, err)
	}
}
