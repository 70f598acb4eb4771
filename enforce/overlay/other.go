//go:build !linux

package overlay

import "errors"

// Directory is one that changes are kept in.
type Directory struct{ Path string }

// OpenDirectory opens none.
func OpenDirectory(string) (*Directory, error) { return nil, errors.ErrUnsupported }

// Close closes nothing.
func (*Directory) Close() {}

// Keep keeps nothing.
func (*Directory) Keep(Layers, []Change, []string) (Kept, error) {
	return Kept{}, errors.ErrUnsupported
}

// Changes are looked for where there are overlays.
func Changes(Layers) ([]Change, error) { return nil, errors.ErrUnsupported }

// Mounted is false: there are no overlays.
func Mounted(string) bool { return false }

// CanHold says that there are no overlays.
func CanHold(string) error { return errors.ErrUnsupported }

// Make makes nothing.
func Make(dir, in string) (upper, work string, err error) { return "", "", errors.ErrUnsupported }
