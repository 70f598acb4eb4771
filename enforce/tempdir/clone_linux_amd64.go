package tempdir

// clone starts a process that runs child on a stack of its own, in the memory of this one
// (clone(2), CLONE_VM), and has no exit signal. So no page table is copied, and no page of
// this process afterwards. execve(2) leaves that memory to the child. Apart, a process
// between starts it and ends, with the error as its exit code.
func clone(stack, between uintptr, apart bool, s *sweeper) (pid, errno uintptr)
