//go:build !linux

package overlay

import "errors"

// Directory is one that changes are kept in.
type Directory struct{ Path string }

// ErrNotEmpty is the error of no directory here.
var ErrNotEmpty = errors.New("there are files in it, and it is not the project")

// OpenDirectory opens none.
func OpenDirectory(dir, project string) (*Directory, error) { return nil, errors.ErrUnsupported }

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
