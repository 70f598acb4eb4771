package seccomp

import (
	"errors"
	"fmt"
	"maps"
	"slices"

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

func (t test) load() bpf.Instruction {
	// The lower half comes first on the little-endian machines that we know.
	offset := uint32(offsetArgs + 8*t.arg)
	if t.high {
		offset += 4
	}
	return bpf.LoadAbsolute{Off: offset, Size: 4}
}

var number = bpf.LoadAbsolute{Off: offsetNumber, Size: 4}

func refuse(errno unix.Errno) bpf.Instruction {
	if errno == 0 {
		return bpf.RetConstant{Val: unix.SECCOMP_RET_USER_NOTIF}
	}
	return bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(errno)}
}

// program is the filter of r: for each kind of calls a section.
func (r Rules) program(machines []machine) ([]bpf.Instruction, error) {
	return program(r.rules(), machines)
}

func program(rules []rule, machines []machine) ([]bpf.Instruction, error) {
	if len(machines) == 0 {
		return nil, ErrMachine
	}
	const room = 2048 // instructions; a longer program takes another piece of memory
	program := append(make([]bpf.Instruction, 0, room), bpf.LoadAbsolute{Off: offsetMachine, Size: 4})
	for _, m := range machines {
		program = append(program, bpf.JumpIf{Cond: bpf.JumpEqual, Val: m.audit, SkipTrue: 1}, nil)
		start := len(program)
		program = m.section(program, rules)
		program[start-1] = over(program[start:])
	}
	// Calls of a kind that is not known could be anything.
	return append(program, bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS}), nil
}

// over is the jump over instructions.
func over(instructions []bpf.Instruction) bpf.Instruction {
	return bpf.Jump{Skip: uint32(len(instructions))}
}

// section adds to a program what judges calls of one kind.
func (m machine) section(program []bpf.Instruction, rules []rule) []bpf.Instruction {
	program = append(program, number)
	if m.x32 {
		program = append(program, bpf.JumpIf{Cond: bpf.JumpLessThan, Val: x32Bit, SkipTrue: 1}, refuse(unix.ENOSYS))
	}
	byNumber := map[uint32][]rule{}
	for _, rule := range rules {
		for _, call := range rule.calls {
			if n, ok := m.numbers[call]; ok {
				byNumber[n] = append(byNumber[n], rule)
			}
		}
	}
	return search(program, slices.Sorted(maps.Keys(byNumber)), byNumber)
}

// search adds what finds the rules of a call, by halving: the kernel runs a new filter for
// every call that there is, to find out which are always allowed.
func search(program []bpf.Instruction, numbers []uint32, rules map[uint32][]rule) []bpf.Instruction {
	const few = 3
	if len(numbers) <= few {
		for _, n := range numbers {
			program = judge(program, n, rules[n])
		}
		return append(program, bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW})
	}
	half := len(numbers) / 2
	program = append(program, bpf.JumpIf{Cond: bpf.JumpLessThan, Val: numbers[half], SkipTrue: 1}, nil)
	start := len(program)
	program = search(program, numbers[:half], rules)
	program[start-1] = over(program[start:])
	return search(program, numbers[half:], rules)
}

// judge adds what refuses a call by its rules, or goes on with its number loaded.
func judge(program []bpf.Instruction, n uint32, rules []rule) []bpf.Instruction {
	if len(rules[0].tests) == 0 {
		return append(program, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: n, SkipTrue: 1}, refuse(rules[0].errno))
	}
	program = append(program, bpf.JumpIf{Cond: bpf.JumpEqual, Val: n, SkipTrue: 1}, nil)
	start := len(program)
	for _, r := range rules {
		program = r.assemble(program)
	}
	program = append(program, number)
	program[start-1] = over(program[start:])
	return program
}

// assemble adds what refuses if all tests hold, and goes on behind itself if not.
func (r rule) assemble(program []bpf.Instruction) []bpf.Instruction {
	const each = 3 // instructions of a test
	for i, t := range r.tests {
		rest := uint8(each*(len(r.tests)-i-1) + 1) // to behind the refusal
		jump := bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: t.value, SkipTrue: rest}
		if t.differ {
			jump.Cond = bpf.JumpEqual
		}
		program = append(program, t.load(), bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: t.mask}, jump)
	}
	return append(program, refuse(r.errno))
}

// Filter is a program that a kernel can install.
type Filter []unix.SockFilter

// Filter makes the filter of r.
func (r Rules) Filter() (Filter, error) {
	program, err := r.program(machines)
	if err != nil {
		return nil, err
	}
	return assemble(program)
}

func assemble(program []bpf.Instruction) (Filter, error) {
	raw, err := bpf.Assemble(program)
	if err != nil {
		return nil, fmt.Errorf("make system call filter: %w", err)
	}
	filter := make(Filter, len(raw))
	for i, in := range raw {
		filter[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	return filter, nil
}
