package inputs

import (
	"fmt"
	"strings"
)

// wellFormed is errIndex for entries that git never writes: they are sorted, each is there
// once, and each names a file in the work tree by its one name (read-cache.c, verify_path
// and check_ce_order). Else few files of few bytes would be very many.
func wellFormed(entries []indexEntry) error {
	for i, e := range entries {
		path := e.path
		if e.mode&modeType == modeDirectory {
			path = strings.TrimSuffix(path, "/")
		}
		if !properPath(path) {
			return fmt.Errorf("%w: it has %q", errIndex, e.path)
		}
		if i == 0 {
			continue
		}
		before := entries[i-1]
		order := strings.Compare(before.path, e.path)
		if order > 0 || order == 0 && (before.stage() == 0 || before.stage() >= e.stage()) {
			return fmt.Errorf("%w: %q comes after %q", errIndex, e.path, before.path)
		}
	}
	return nil
}

// properPath reports whether git takes a path: no part of it is empty, ".", ".." or ".git"
// in any case.
func properPath(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		switch len(part) {
		case 0:
			return false
		case 1, 2:
			if part == "." || part == ".." {
				return false
			}
		case 4:
			if strings.EqualFold(part, ".git") {
				return false
			}
		}
	}
	return true
}
