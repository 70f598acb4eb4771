#include "textflag.h"

// func handler() (caught, restorer uintptr)
TEXT ·handler(SB), NOSPLIT, $0-16
	MOVD $caught<>(SB), R0
	MOVD R0, caught+0(FP)
	MOVD ZR, restorer+8(FP)
	RET

// The kernel calls it with the signal in R0 and siginfo_t in R1, and has put into
// LR where it returns to. write(caughtAt, R1, 128)
TEXT caught<>(SB), NOSPLIT|NOFRAME, $0
	MOVW ·caughtAt(SB), R0
	MOVD $128, R2
	MOVD $64, R8
	SVC
	RET
