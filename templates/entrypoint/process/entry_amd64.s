#include "textflag.h"

TEXT ·entry(SB), NOSPLIT|NOFRAME, $0
	MOVL $72, AX // fcntl
	MOVL $1, DI
	MOVL $1, SI  // F_GETFD
	SYSCALL
	MOVQ AX, ·status(SB)
	JMP  _rt0_amd64_linux(SB)
// Snakemake copies a file from a repository without its last line break, and the assembler needs one after each instruction.
