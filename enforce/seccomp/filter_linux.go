package seccomp

import (
	"errors"
	"fmt"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// ErrMachine says that there is no table of system calls for this machine.
var ErrMachine = errors.New("make system call filter: this machine's system calls are not known to purity")

// machine is one kind of system calls: their numbers, by name.
type machine struct {
	audit   uint32 // AUDIT_ARCH_… (linux/audit.h)
	numbers map[string]uint32
	x32     bool // numbers from x32Bit on are the same calls in another guise
}

// x32Bit marks x86-64 calls with 32-bit pointers (__X32_SYSCALL_BIT).
const x32Bit = 0x40000000

// Offsets in struct seccomp_data (linux/seccomp.h).
const (
	offsetNumber  = 0
	offsetMachine = 4
	offsetArgs    = 16
)

func argument(n int) bpf.Instruction {
	// The lower half comes first on the little-endian machines that we know.
	return bpf.LoadAbsolute{Off: uint32(offsetArgs + 8*n), Size: 4}
}

var number = bpf.LoadAbsolute{Off: offsetNumber, Size: 4}

func refuse(errno unix.Errno) bpf.Instruction {
	return bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(errno)}
}

// program is the filter of r: for each kind of calls a section, in which
// every rule stands on its own, so that no jump is long.
func (r Rules) program(machines []machine) ([]bpf.Instruction, error) {
	if len(machines) == 0 {
		return nil, ErrMachine
	}
	program := []bpf.Instruction{bpf.LoadAbsolute{Off: offsetMachine, Size: 4}}
	for _, m := range machines {
		section := m.section(r.rules())
		program = append(program, bpf.JumpIf{Cond: bpf.JumpEqual, Val: m.audit, SkipTrue: 1}, bpf.Jump{Skip: uint32(len(section))})
		program = append(program, section...)
	}
	// Calls of a kind that is not known could be anything.
	return append(program, bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS}), nil
}

func (m machine) section(rules []rule) []bpf.Instruction {
	section := []bpf.Instruction{number}
	if m.x32 {
		section = append(section, bpf.JumpIf{Cond: bpf.JumpLessThan, Val: x32Bit, SkipTrue: 1}, refuse(unix.ENOSYS))
	}
	for _, rule := range rules {
		for _, call := range rule.calls {
			if n, ok := m.numbers[call]; ok {
				section = append(section, rule.assemble(n)...)
			}
		}
	}
	return append(section, bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW})
}

// assemble has the number of the call loaded when it begins and when it ends.
func (r rule) assemble(n uint32) []bpf.Instruction {
	if len(r.tests) == 0 {
		return []bpf.Instruction{bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: n, SkipTrue: 1}, refuse(r.errno)}
	}
	const each = 3 // instructions of a test
	body := make([]bpf.Instruction, 0, each*len(r.tests)+2)
	for i, t := range r.tests {
		rest := uint8(each*(len(r.tests)-i-1) + 1) // to behind the refusal
		jump := bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: t.value, SkipTrue: rest}
		if t.differ {
			jump.Cond = bpf.JumpEqual
		}
		body = append(body, argument(t.arg), bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: t.mask}, jump)
	}
	body = append(body, refuse(r.errno), number)
	return append([]bpf.Instruction{bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: n, SkipTrue: uint8(len(body))}}, body...)
}

// assemble makes the kernel's form of the filter.
func (r Rules) assemble() ([]unix.SockFilter, error) {
	program, err := r.program(machines)
	if err != nil {
		return nil, err
	}
	raw, err := bpf.Assemble(program)
	if err != nil {
		return nil, fmt.Errorf("make system call filter: %w", err)
	}
	filter := make([]unix.SockFilter, len(raw))
	for i, in := range raw {
		filter[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	return filter, nil
}
