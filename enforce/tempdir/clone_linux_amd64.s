#include "textflag.h"

#define CLONE \
	MOVL $0x100, DI /* CLONE_VM */ \
	XORL DX, DX \
	XORL R10, R10 \
	XORL R8, R8 \
	MOVL $56, AX \
	SYSCALL

// func clone(stack, between uintptr, apart bool, s *sweeper) (pid, errno uintptr)
TEXT ·clone(SB), NOSPLIT, $8-48
	MOVQ stack+0(FP), R12
	MOVBLZX apart+16(FP), R13
	MOVQ s+24(FP), R15
	MOVQ R12, SI
	TESTL R13, R13
	JEQ  first
	MOVQ between+8(FP), SI
first:
	CLONE
	TESTQ AX, AX
	JEQ  started
	XORL CX, CX
	CMPQ AX, $-4095
	JCS  done // unsigned, below the errors
	MOVQ AX, CX
	NEGQ CX
	XORL AX, AX
done:
	MOVQ AX, pid+32(FP)
	MOVQ CX, errno+40(FP)
	RET

started:
	TESTL R13, R13
	JEQ  last
	MOVQ R12, SI
	CLONE
	TESTQ AX, AX
	JEQ  last
	XORL DI, DI
	CMPQ AX, $-4095
	JCS  end
	MOVQ AX, DI
	NEGQ DI
end:
	MOVL $231, AX // exit_group
	SYSCALL
	INT  $3

last:
	MOVQ R15, 0(SP)
	CALL ·child(SB)
	INT  $3
