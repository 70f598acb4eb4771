package enforce

import (
	"errors"
	"fmt"
	"strings"
)

// The reasons why a kernel has no Landlock for us.
var (
	// ErrNoLandlock: the kernel was built without it, or is too old.
	ErrNoLandlock = errors.New("confine: this kernel has no Landlock (use Linux 6.2 or later, built with it)")
	// ErrLandlockOff: the kernel has it, but it was not switched on at boot.
	ErrLandlockOff = errors.New("confine: Landlock is switched off; it has to be in the lsm= list of the kernel's command line")
	// ErrLandlockBlocked: something around this process forbids the calls.
	ErrLandlockBlocked = errors.New("confine: a seccomp filter of this container or sandbox forbids Landlock's system calls")
	// ErrNotLinux: there is no Landlock on other systems.
	ErrNotLinux = errors.New("confine: purity can enforce on Linux only")
)

// GapError names the parts of a policy that a kernel cannot enforce.
type GapError struct {
	ABI  int
	Gaps []Gap // the fatal ones
}

func (e *GapError) Error() string {
	var gaps []string
	for _, gap := range e.Gaps {
		gaps = append(gaps, gap.String())
	}
	return fmt.Sprintf("confine: this kernel (Landlock ABI %d) %s", e.ABI, strings.Join(gaps, "; it "))
}

// Kernel is the ability of a kernel to enforce policies.
type Kernel struct {
	ABI int   // Landlock's version, 0 if there is none for us
	Err error // why there is none
	// Filter is why no system call filter can be installed, nil if one can.
	Filter error
}

// Feature is one thing that Landlock can deny.
type Feature struct {
	Meaning string
	ABI     int    // the first version of Landlock with it
	Kernel  string // the first version of Linux with it
}

// Features are all that purity asks of Landlock, the oldest first.
func Features() []Feature {
	all := make([]Feature, len(features))
	for i, f := range features {
		all[i] = Feature{f.meaning, f.abi, f.kernel}
	}
	return all
}

// Upholds reports whether Landlock's version abi controls all of an access.
func Upholds(abi int, a Access) bool {
	var known uint64
	for _, f := range features {
		if f.abi <= abi {
			known |= f.fs
		}
	}
	return rights(a)&^known == 0
}

// Probe asks the running kernel.
func Probe() Kernel {
	abi, err := abiVersion()
	return Kernel{ABI: abi, Err: err, Filter: filterAvailable()}
}

// Gaps returns the parts of p that k cannot enforce. The error is the reason not to run
// a command under p on k: a [*GapError], or the lack of Landlock.
func (p Policy) Gaps(k Kernel) ([]Gap, error) {
	if k.Err != nil && !p.AllowUnenforced {
		return nil, k.Err
	}
	_, gaps := p.downgrade(k.ABI)
	if !p.NoFilter && k.Filter != nil {
		gaps = append(gaps, Gap{Meaning: "system calls", Err: k.Filter, Fatal: true})
	}
	var fatal []Gap
	for _, g := range gaps {
		if g.Fatal {
			fatal = append(fatal, g)
		}
	}
	if len(fatal) > 0 && !p.BestEffort && k.Err == nil {
		return gaps, &GapError{ABI: k.ABI, Gaps: fatal}
	}
	return gaps, nil
}
