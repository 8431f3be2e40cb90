// SHA-256 of 16 messages at once with AVX-512.
#include "textflag.h"

// Names: Z0 to Z7 are the working variables a to h, Z8 to Z23 sixteen words of the message schedule; each register holds
// one word of each of the 16 lanes. Z24 to Z29 are temporary.

// y = x >>> p ^ x >>> q ^ x >>> r
#define ROTATIONS(x, p, q, r, y) \
	VPRORD     $p, x, y;     \
	VPRORD     $q, x, Z28;   \
	VPRORD     $r, x, Z29;   \
	VPTERNLOGD $0x96, Z28, Z29, y

// y = x >>> p ^ x >>> q ^ x >> r
#define ROTATIONS_SHIFT(x, p, q, r, y) \
	VPRORD     $p, x, y;     \
	VPRORD     $q, x, Z28;   \
	VPSRLD     $r, x, Z29;   \
	VPTERNLOGD $0x96, Z28, Z29, y

// One round (FIPS 180-4, 6.2.2, step 3) with the word w and the constant at AX+k.
#define ROUND(a, b, c, d, e, f, g, h, w, k) \
	VPADDD.BCST k(AX), h, h;           \
	VPADDD      w, h, h;               \
	ROTATIONS(e, 6, 11, 25, Z24);      \
	VMOVDQA32   e, Z25;                \
	VPTERNLOGD  $0xca, g, f, Z25;      \
	VPADDD      Z24, h, h;             \
	VPADDD      Z25, h, h;             \
	VPADDD      h, d, d;               \
	ROTATIONS(a, 2, 13, 22, Z26);      \
	VMOVDQA32   a, Z27;                \
	VPTERNLOGD  $0xe8, c, b, Z27;      \
	VPADDD      Z26, Z27, Z27;         \
	VPADDD      Z27, h, h

// Replaces the word w by the word 16 rounds later (6.2.2, step 1); w1, w9, w14 follow w by 1, 9 and 14 words.
#define SCHEDULE(w, w1, w9, w14) \
	ROTATIONS_SHIFT(w1, 7, 18, 3, Z24);    \
	VPADDD w9, w, w;                       \
	ROTATIONS_SHIFT(w14, 17, 19, 10, Z25); \
	VPADDD Z24, w, w;                      \
	VPADDD Z25, w, w

// Loads the message block of the lane at SI+lane into x, with its words in the byte order of the processor.
#define LOAD(lane, x) \
	MOVQ      lane(SI), BX;      \
	VMOVDQU32 (BX)(DX*1), x;     \
	VPSHUFB   Z31, x, x

// Interleaves pairs of words of two registers, and pairs of those.
#define MIX4(a, b, c, d, t, u, v, w) \
	VPUNPCKLDQ  b, a, t; \
	VPUNPCKHDQ  b, a, u; \
	VPUNPCKLDQ  d, c, v; \
	VPUNPCKHDQ  d, c, w; \
	VPUNPCKLQDQ v, t, a; \
	VPUNPCKHQDQ v, t, b; \
	VPUNPCKLQDQ w, u, c; \
	VPUNPCKHQDQ w, u, d

// Interleaves the 128-bit parts of the registers a, b, c, d, which MIX4 left in the same place of four groups.
#define MIX_PARTS(a, b, c, d, t, u, v, w) \
	VSHUFI32X4 $0x88, b, a, t; \
	VSHUFI32X4 $0xdd, b, a, u; \
	VSHUFI32X4 $0x88, d, c, v; \
	VSHUFI32X4 $0xdd, d, c, w; \
	VSHUFI32X4 $0x88, v, t, a; \
	VSHUFI32X4 $0x88, w, u, b; \
	VSHUFI32X4 $0xdd, v, t, c; \
	VSHUFI32X4 $0xdd, w, u, d

#define ADD_STATE(at, x) \
	VPADDD    at(DI), x, x; \
	VMOVDQU32 x, at(DI)

// func blocks16(states *[8][Lanes]uint32, messages *[Lanes]*byte, count int)
TEXT ·blocks16(SB), NOSPLIT, $0-24
	MOVQ            states+0(FP), DI
	MOVQ            messages+8(FP), SI
	MOVQ            count+16(FP), CX
	XORQ            DX, DX
	VBROADCASTI32X4 ·bigEndian(SB), Z31

block:
	LOAD(0, Z8)
	LOAD(8, Z9)
	LOAD(16, Z10)
	LOAD(24, Z11)
	LOAD(32, Z12)
	LOAD(40, Z13)
	LOAD(48, Z14)
	LOAD(56, Z15)
	LOAD(64, Z16)
	LOAD(72, Z17)
	LOAD(80, Z18)
	LOAD(88, Z19)
	LOAD(96, Z20)
	LOAD(104, Z21)
	LOAD(112, Z22)
	LOAD(120, Z23)

	// Transposes the 16 registers of 16 words: afterwards each has one word of each lane.
	MIX4(Z8, Z9, Z10, Z11, Z0, Z1, Z2, Z3)
	MIX4(Z12, Z13, Z14, Z15, Z4, Z5, Z6, Z7)
	MIX4(Z16, Z17, Z18, Z19, Z24, Z25, Z26, Z27)
	MIX4(Z20, Z21, Z22, Z23, Z0, Z1, Z2, Z3)
	MIX_PARTS(Z8, Z12, Z16, Z20, Z0, Z1, Z2, Z3)
	MIX_PARTS(Z9, Z13, Z17, Z21, Z4, Z5, Z6, Z7)
	MIX_PARTS(Z10, Z14, Z18, Z22, Z24, Z25, Z26, Z27)
	MIX_PARTS(Z11, Z15, Z19, Z23, Z0, Z1, Z2, Z3)

	VMOVDQU32 0(DI), Z0
	VMOVDQU32 64(DI), Z1
	VMOVDQU32 128(DI), Z2
	VMOVDQU32 192(DI), Z3
	VMOVDQU32 256(DI), Z4
	VMOVDQU32 320(DI), Z5
	VMOVDQU32 384(DI), Z6
	VMOVDQU32 448(DI), Z7
	LEAQ      ·constants(SB), AX
	MOVQ      $3, R8
	JMP       rounds

schedule:
	SCHEDULE(Z8, Z9, Z17, Z22)
	SCHEDULE(Z9, Z10, Z18, Z23)
	SCHEDULE(Z10, Z11, Z19, Z8)
	SCHEDULE(Z11, Z12, Z20, Z9)
	SCHEDULE(Z12, Z13, Z21, Z10)
	SCHEDULE(Z13, Z14, Z22, Z11)
	SCHEDULE(Z14, Z15, Z23, Z12)
	SCHEDULE(Z15, Z16, Z8, Z13)
	SCHEDULE(Z16, Z17, Z9, Z14)
	SCHEDULE(Z17, Z18, Z10, Z15)
	SCHEDULE(Z18, Z19, Z11, Z16)
	SCHEDULE(Z19, Z20, Z12, Z17)
	SCHEDULE(Z20, Z21, Z13, Z18)
	SCHEDULE(Z21, Z22, Z14, Z19)
	SCHEDULE(Z22, Z23, Z15, Z20)
	SCHEDULE(Z23, Z8, Z16, Z21)

rounds:
	ROUND(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, 0)
	ROUND(Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z9, 4)
	ROUND(Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z10, 8)
	ROUND(Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z11, 12)
	ROUND(Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z12, 16)
	ROUND(Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z13, 20)
	ROUND(Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z14, 24)
	ROUND(Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z15, 28)
	ROUND(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z16, 32)
	ROUND(Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z17, 36)
	ROUND(Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z5, Z18, 40)
	ROUND(Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z4, Z19, 44)
	ROUND(Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z3, Z20, 48)
	ROUND(Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z2, Z21, 52)
	ROUND(Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z1, Z22, 56)
	ROUND(Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z0, Z23, 60)
	ADDQ $64, AX
	SUBQ $1, R8
	JGE  schedule

	ADD_STATE(0, Z0)
	ADD_STATE(64, Z1)
	ADD_STATE(128, Z2)
	ADD_STATE(192, Z3)
	ADD_STATE(256, Z4)
	ADD_STATE(320, Z5)
	ADD_STATE(384, Z6)
	ADD_STATE(448, Z7)
	ADDQ $64, DX
	SUBQ $1, CX
	JNZ  block
	VZEROUPPER
	RET
// The end.
