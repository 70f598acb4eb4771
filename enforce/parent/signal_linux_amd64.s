#include "textflag.h"

// func handler() (caught, restorer uintptr)
TEXT ·handler(SB), NOSPLIT, $0-16
	LEAQ caught<>(SB), AX
	MOVQ AX, caught+0(FP)
	LEAQ restore<>(SB), AX
	MOVQ AX, restorer+8(FP)
	RET

// The kernel calls it with the signal in DI and siginfo_t in SI, and has put the
// address of the restorer where it returns to. write(caughtAt, SI, 128)
TEXT caught<>(SB), NOSPLIT|NOFRAME, $0
	MOVL ·caughtAt(SB), DI
	MOVL $128, DX
	MOVL $1, AX
	SYSCALL
	RET

// rt_sigreturn()
TEXT restore<>(SB), NOSPLIT|NOFRAME, $0
	MOVL $15, AX
	SYSCALL
	INT  $3
