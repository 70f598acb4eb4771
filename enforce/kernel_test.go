package enforce

import (
	"strings"
	"testing"
)

// The error for a kernel that is too old names everything that it cannot uphold.
func TestGapsAreAllNamed(t *testing.T) {
	open := Policy{NoFilter: true, Network: Network{Any: true}, UnixSockets: true}
	_, err := open.Gaps(Kernel{ABI: 1})
	if err == nil || strings.Count(err.Error(), "cannot deny") != 2 {
		t.Errorf("%v", err)
	}
	open.BestEffort = true
	if _, err := open.Gaps(Kernel{ABI: 1}); err != nil {
		t.Errorf("best effort: %v", err)
	}
}
