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
	program := []bpf.Instruction{bpf.LoadAbsolute{Off: offsetMachine, Size: 4}}
	for _, m := range machines {
		section := m.section(rules)
		program = append(program, bpf.JumpIf{Cond: bpf.JumpEqual, Val: m.audit, SkipTrue: 1}, bpf.Jump{Skip: uint32(len(section))})
		program = append(program, section...)
	}
	// Calls of a kind that is not known could be anything.
	return append(program, bpf.RetConstant{Val: unix.SECCOMP_RET_KILL_PROCESS}), nil
}

// section judges calls of one kind.
func (m machine) section(rules []rule) []bpf.Instruction {
	section := []bpf.Instruction{number}
	if m.x32 {
		section = append(section, bpf.JumpIf{Cond: bpf.JumpLessThan, Val: x32Bit, SkipTrue: 1}, refuse(unix.ENOSYS))
	}
	byNumber := map[uint32][]rule{}
	for _, rule := range rules {
		for _, call := range rule.calls {
			if n, ok := m.numbers[call]; ok {
				byNumber[n] = append(byNumber[n], rule)
			}
		}
	}
	return append(section, search(slices.Sorted(maps.Keys(byNumber)), byNumber)...)
}

// search finds the rules of a call by halving: the kernel runs a new filter for
// every call that there is, to find out which are always allowed.
func search(numbers []uint32, rules map[uint32][]rule) []bpf.Instruction {
	const few = 3
	if len(numbers) <= few {
		var leaf []bpf.Instruction
		for _, n := range numbers {
			leaf = append(leaf, judge(n, rules[n])...)
		}
		return append(leaf, bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW})
	}
	half := len(numbers) / 2
	below, above := search(numbers[:half], rules), search(numbers[half:], rules)
	return slices.Concat(
		[]bpf.Instruction{bpf.JumpIf{Cond: bpf.JumpLessThan, Val: numbers[half], SkipTrue: 1}, bpf.Jump{Skip: uint32(len(below))}},
		below, above)
}

// judge refuses a call by its rules, or goes on with its number loaded.
func judge(n uint32, rules []rule) []bpf.Instruction {
	if len(rules[0].tests) == 0 {
		return []bpf.Instruction{bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: n, SkipTrue: 1}, refuse(rules[0].errno)}
	}
	var body []bpf.Instruction
	for _, r := range rules {
		body = append(body, r.assemble()...)
	}
	body = append(body, number)
	return append([]bpf.Instruction{bpf.JumpIf{Cond: bpf.JumpEqual, Val: n, SkipTrue: 1}, bpf.Jump{Skip: uint32(len(body))}}, body...)
}

// assemble refuses if all tests hold, and goes on behind itself if not.
func (r rule) assemble() []bpf.Instruction {
	const each = 3 // instructions of a test
	body := make([]bpf.Instruction, 0, each*len(r.tests)+1)
	for i, t := range r.tests {
		rest := uint8(each*(len(r.tests)-i-1) + 1) // to behind the refusal
		jump := bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: t.value, SkipTrue: rest}
		if t.differ {
			jump.Cond = bpf.JumpEqual
		}
		body = append(body, t.load(), bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: t.mask}, jump)
	}
	return append(body, refuse(r.errno))
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
