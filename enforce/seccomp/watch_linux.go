package seccomp

// watchable are calls that a supervisor can be asked about: those that run
// programs, and those that name files or addresses. 32-bit programs are watched
// for what they run.
type watchable struct {
	audit   uint32
	numbers map[string]uint32
}

// Watch is a filter that has a supervisor asked about calls, by name; what a
// machine has no such call is left out.
func Watch(names ...string) (Filter, error) {
	var kinds []machine
	for _, w := range watched {
		kinds = append(kinds, machine{audit: w.audit, numbers: w.numbers})
	}
	instructions, err := program([]rule{{calls: names}}, kinds)
	if err != nil {
		return nil, err
	}
	return assemble(instructions)
}

// Name is that of a watched call, by the machine that it is of (AUDIT_ARCH_…)
// and its number; empty if it is none.
func Name(audit uint32, number int32) string {
	for _, w := range watched {
		if w.audit != audit {
			continue
		}
		for name, n := range w.numbers {
			if n == uint32(number) {
				return name
			}
		}
	}
	return ""
}
