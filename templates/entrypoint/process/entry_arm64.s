#include "textflag.h"

TEXT ·entry(SB), NOSPLIT|NOFRAME, $0
	MOVD $25, R8 // fcntl
	MOVD $1, R0
	MOVD $1, R1  // F_GETFD
	SVC
	MOVD R0, ·status(SB)
	JMP  _rt0_arm64_linux(SB)
// Snakemake copies a file from a repository without its last line break, and the assembler needs one after each instruction.
