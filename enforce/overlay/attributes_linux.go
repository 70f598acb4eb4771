package overlay

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// maxAttributes bounds the names of a file's attributes, and a value (listxattr(2)).
const maxAttributes = 64 << 10

// copyAttributes gives a file the attributes of another that are its user's. Those of the
// overlay itself are left, and so are those of the kernel, which give rights. A file system
// without attributes keeps none.
func copyAttributes(target, source int) error {
	names := make([]byte, maxAttributes)
	n, err := unix.Flistxattr(source, names)
	if errors.Is(err, unix.EOPNOTSUPP) {
		return nil
	}
	if err != nil {
		return err
	}
	value := make([]byte, maxAttributes)
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names[:n]), "\x00"), "\x00") {
		if !strings.HasPrefix(name, "user.") || strings.HasPrefix(name, "user.overlay.") {
			continue
		}
		size, err := unix.Fgetxattr(source, name, value)
		if err == nil {
			err = unix.Fsetxattr(target, name, value[:size], 0)
		}
		if errors.Is(err, unix.EOPNOTSUPP) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("attribute %s: %w", name, err)
		}
	}
	return nil
}
