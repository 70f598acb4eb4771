package screen

import "fmt"

// Size writes bytes for people.
func Size(n int64) string {
	const unit = 1024
	value, name := float64(n), "B"
	for _, next := range []string{"KiB", "MiB", "GiB"} {
		if value < unit {
			break
		}
		value, name = value/unit, next
	}
	if name == "B" {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", value, name)
}
