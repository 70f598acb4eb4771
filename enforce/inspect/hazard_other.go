//go:build !linux

package inspect

// Hazard is something in a project that undermines a confinement to it.
type Hazard struct{}

func (Hazard) String() string { return "" }

// Hazards are looked for where there are confinements.
func Hazards(dir string, overlaid bool) []Hazard { return nil }

// Mounts are looked for where there are confinements.
func Mounts(dir string, overlaid bool) []Hazard { return nil }

// Mine is asked for where there are confinements.
func Mine(dir string) bool { return true }

// Take looks at Linux only.
func Take(string, []string) Snapshot { return nil }
