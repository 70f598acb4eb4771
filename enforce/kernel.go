package enforce

import "errors"

// The reasons why a kernel has no Landlock for us.
var (
	// ErrNoLandlock: the kernel was built without it, or is too old.
	ErrNoLandlock = errors.New("confine: this kernel has no Landlock (Linux 5.13 or later has, unless built without)")
	// ErrLandlockOff: the kernel has it, but it was not switched on at boot.
	ErrLandlockOff = errors.New("confine: Landlock is switched off; it has to be in the lsm= list of the kernel's command line")
	// ErrLandlockBlocked: something around this process forbids the calls.
	ErrLandlockBlocked = errors.New("confine: a seccomp filter of this container or sandbox forbids Landlock's system calls")
	// ErrNotLinux: there is no Landlock on other systems.
	ErrNotLinux = errors.New("confine: purity can enforce on Linux only")
)

// Feature is one thing that purity asks of Landlock.
type Feature struct {
	Meaning string // what is refused by it
	ABI     int    // since which version of Landlock
	Kernel  string // and of Linux
	Upheld  bool   // by this kernel
	Needed  bool   // without it nothing runs
}

// Kernel is what the running kernel can do for a policy.
type Kernel struct {
	ABI      int // Landlock's version, 0 if there is none for us
	Features []Feature
	Err      error // why nothing can be enforced, nil if it can
}

// Available returns why the running kernel cannot enforce any policy, nil if
// it can.
func Available() error {
	_, err := usableABI()
	return err
}

// usableABI returns the version of Landlock, which is recent enough.
func usableABI() (int, error) {
	abi, err := abiVersion()
	if err == nil {
		err = checkABI(abi)
	}
	return abi, err
}

// Probe asks the running kernel.
func Probe() Kernel {
	abi, err := usableABI()
	k := Kernel{ABI: abi, Err: err}
	for _, f := range features {
		k.Features = append(k.Features, Feature{Meaning: f.meaning, ABI: f.abi, Kernel: f.kernel, Upheld: abi >= f.abi, Needed: f.abi <= minABI})
	}
	return k
}
