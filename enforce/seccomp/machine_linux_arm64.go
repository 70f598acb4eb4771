package seccomp

import "golang.org/x/sys/unix"

// machines are the kinds of system calls that programs can make here. 32-bit
// Arm programs are killed: there is no table of their calls.
var machines = []machine{{audit: unix.AUDIT_ARCH_AARCH64, numbers: native}}
