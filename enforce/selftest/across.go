package selftest

// leftover is a vector across runs: files that a command leaves behind, and the step that the next
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
	// plant is the work of the command, confined; nil for none.
	plant func(*scene) error
	// twinPlant is the work of the command of the twin; nil for none.
	twinPlant func(*scene) error
	// attack is the user's next step: nil if it did harm, else the obstacle.
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
