package selftest

// leftover is a vector across runs: what a command leaves behind, and what the next
// purity outside makes of it.
type leftover struct {
	id, what string
	// needs are programs of the machine without which it is moot; "old nix" is a Nix
	// that starts git itself.
	needs []string
	// design says why it is open, empty where it must not be.
	design string

	// setup is the user's own work before the command runs, nil for none.
	setup func(*scene) error
	// plant is what the command does, confined, nil for nothing.
	plant func(*scene) error
	// twinPlant is what the command of the twin does, nil for nothing.
	twinPlant func(*scene) error
	// attack is the user's next step: nil if it did harm, else what it met.
	attack func(*scene) error
	// twin is the same step, which must work where nothing harmful was planted.
	twin func(*scene) error
}

func (l leftover) expected() Status {
	if l.design != "" {
		return Design
	}
	return Stopped
}

// AcrossGroup is the name of the group of vectors across runs, and of its report.
const AcrossGroup = "across runs"
