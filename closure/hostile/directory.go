package hostile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// List is the entries of a directory, sorted by name, if that is no more than limit entries;
// else [ErrBudget]. A directory of millions fills the memory before it is sorted.
func List(dir string, limit int) ([]fs.DirEntry, error) {
	file, err := os.OpenFile(dir, flags, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	entries, err := file.ReadDir(max(limit, 0) + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(entries) > limit {
		return nil, &fs.PathError{Op: "read", Path: dir, Err: ErrBudget}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// Each calls f for the entries of a directory, in no order, as it is read.
func Each(dir string, f func(fs.DirEntry) error) error {
	file, err := os.OpenFile(dir, flags, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	for {
		entries, err := file.ReadDir(1000)
		for _, entry := range entries {
			if err := f(entry); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
