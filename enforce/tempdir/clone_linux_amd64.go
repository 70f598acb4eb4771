package tempdir

// clone starts a process without an exit signal, which runs child on a stack of its own in
// the memory of this one (clone(2), CLONE_VM). So the kernel copies no page table now, and no
// page later. When this process calls execve(2), the child keeps the memory. If apart, an
// intermediate process starts it and ends, with the error as its exit code.
func clone(stack, between uintptr, apart bool, s *sweeper) (pid, errno uintptr)
