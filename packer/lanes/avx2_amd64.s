// SHA-256 of 8 messages at once with AVX2.
#include "textflag.h"

// Names: Y0 to Y7 are the working variables a to h; each register has one word of each of the 8 lanes. Y8 to Y15 are
// temporary. R9 points to the sixteen words of the message schedule.

// y ^= x >>> n
#define ROTATION(x, n, y) \
	VPSRLD $n, x, Y14;      \
	VPSLLD $(32-n), x, Y15; \
	VPXOR  Y14, y, y;       \
	VPXOR  Y15, y, y

// y = x >>> p ^ x >>> q ^ x >>> r
#define ROTATIONS(x, p, q, r, y) \
	VPSRLD $p, x, y;        \
	VPSLLD $(32-p), x, Y15; \
	VPXOR  Y15, y, y;       \
	ROTATION(x, q, y);      \
	ROTATION(x, r, y)

// y = x >>> p ^ x >>> q ^ x >> r
#define ROTATIONS_SHIFT(x, p, q, r, y) \
	VPSRLD $r, x, y;   \
	ROTATION(x, p, y); \
	ROTATION(x, q, y)

// One round (FIPS 180-4, 6.2.2, step 3) with the word at R9+8*k and the constant at AX+k.
#define ROUND(a, b, c, d, e, f, g, h, k) \
	VPBROADCASTD k(AX), Y8;           \
	VPADDD       (8*k)(R9), Y8, Y8;   \
	VPADDD       Y8, h, h;            \
	ROTATIONS(e, 6, 11, 25, Y9);      \
	VPXOR        g, f, Y10;           \
	VPAND        e, Y10, Y10;         \
	VPXOR        g, Y10, Y10;         \
	VPADDD       Y9, h, h;            \
	VPADDD       Y10, h, h;           \
	VPADDD       h, d, d;             \
	ROTATIONS(a, 2, 13, 22, Y11);     \
	VPXOR        c, a, Y12;           \
	VPXOR        c, b, Y13;           \
	VPAND        Y13, Y12, Y12;       \
	VPXOR        c, Y12, Y12;         \
	VPADDD       Y11, h, h;           \
	VPADDD       Y12, h, h

// Replaces the word at R9+w by the word 16 rounds later (6.2.2, step 1); w1, w9, w14 follow w by 1, 9 and 14 words.
#define SCHEDULE(w, w1, w9, w14) \
	VMOVDQU w1(R9), Y8;                    \
	VMOVDQU w14(R9), Y9;                   \
	VMOVDQU w(R9), Y12;                    \
	VPADDD  w9(R9), Y12, Y12;              \
	ROTATIONS_SHIFT(Y8, 7, 18, 3, Y10);    \
	ROTATIONS_SHIFT(Y9, 17, 19, 10, Y11);  \
	VPADDD  Y10, Y12, Y12;                 \
	VPADDD  Y11, Y12, Y12;                 \
	VMOVDQU Y12, w(R9)

// Loads 8 words of the message block of a lane into x, in the byte order of the processor.
#define LOAD(lane, at, x) \
	MOVQ    (8*lane)(SI), BX; \
	VMOVDQU at(BX)(DX*1), x;  \
	VPSHUFB Y15, x, x

// Interleaves four words of four registers in each 128-bit part.
#define MIX4(a, b, c, d, t, u, v, w) \
	VPUNPCKLDQ  b, a, t; \
	VPUNPCKHDQ  b, a, u; \
	VPUNPCKLDQ  d, c, v; \
	VPUNPCKHDQ  d, c, w; \
	VPUNPCKLQDQ v, t, a; \
	VPUNPCKHQDQ v, t, b; \
	VPUNPCKLQDQ w, u, c; \
	VPUNPCKHQDQ w, u, d

// Stores the words n and n+4 of all lanes from the registers a, of lanes 0 to 3, and b, of lanes 4 to 7.
#define STORE(a, b, n) \
	VPERM2I128 $0x20, b, a, Y8;  \
	VPERM2I128 $0x31, b, a, Y9;  \
	VMOVDQU    Y8, (32*(n))(R9);   \
	VMOVDQU    Y9, (32*(n)+128)(R9)

// Stores the words n to n+7 of all lanes in the schedule: a transposition of 8 registers.
#define TRANSPOSE(at, n) \
	LOAD(0, at, Y0);                             \
	LOAD(1, at, Y1);                             \
	LOAD(2, at, Y2);                             \
	LOAD(3, at, Y3);                             \
	LOAD(4, at, Y4);                             \
	LOAD(5, at, Y5);                             \
	LOAD(6, at, Y6);                             \
	LOAD(7, at, Y7);                             \
	MIX4(Y0, Y1, Y2, Y3, Y8, Y9, Y10, Y11);      \
	MIX4(Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11);      \
	STORE(Y0, Y4, n);                            \
	STORE(Y1, Y5, n+1);                          \
	STORE(Y2, Y6, n+2);                          \
	STORE(Y3, Y7, n+3)

#define ADD_STATE(at, x) \
	VPADDD  at(DI), x, x; \
	VMOVDQU x, at(DI)

// func blocks8(states *uint32, messages **byte, count int, schedule *[16][8]uint32)
TEXT ·blocks8(SB), NOSPLIT, $0-32
	MOVQ states+0(FP), DI
	MOVQ messages+8(FP), SI
	MOVQ count+16(FP), CX
	MOVQ schedule+24(FP), R9
	XORQ DX, DX

block:
	VBROADCASTI128 ·bigEndian(SB), Y15
	TRANSPOSE(0, 0)
	TRANSPOSE(32, 8)
	VMOVDQU 0(DI), Y0
	VMOVDQU 64(DI), Y1
	VMOVDQU 128(DI), Y2
	VMOVDQU 192(DI), Y3
	VMOVDQU 256(DI), Y4
	VMOVDQU 320(DI), Y5
	VMOVDQU 384(DI), Y6
	VMOVDQU 448(DI), Y7
	LEAQ    ·constants(SB), AX
	MOVQ    $3, R8
	JMP     rounds

schedule:
	SCHEDULE(0, 32, 288, 448)
	SCHEDULE(32, 64, 320, 480)
	SCHEDULE(64, 96, 352, 0)
	SCHEDULE(96, 128, 384, 32)
	SCHEDULE(128, 160, 416, 64)
	SCHEDULE(160, 192, 448, 96)
	SCHEDULE(192, 224, 480, 128)
	SCHEDULE(224, 256, 0, 160)
	SCHEDULE(256, 288, 32, 192)
	SCHEDULE(288, 320, 64, 224)
	SCHEDULE(320, 352, 96, 256)
	SCHEDULE(352, 384, 128, 288)
	SCHEDULE(384, 416, 160, 320)
	SCHEDULE(416, 448, 192, 352)
	SCHEDULE(448, 480, 224, 384)
	SCHEDULE(480, 0, 256, 416)

rounds:
	ROUND(Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, 0)
	ROUND(Y7, Y0, Y1, Y2, Y3, Y4, Y5, Y6, 4)
	ROUND(Y6, Y7, Y0, Y1, Y2, Y3, Y4, Y5, 8)
	ROUND(Y5, Y6, Y7, Y0, Y1, Y2, Y3, Y4, 12)
	ROUND(Y4, Y5, Y6, Y7, Y0, Y1, Y2, Y3, 16)
	ROUND(Y3, Y4, Y5, Y6, Y7, Y0, Y1, Y2, 20)
	ROUND(Y2, Y3, Y4, Y5, Y6, Y7, Y0, Y1, 24)
	ROUND(Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y0, 28)
	ROUND(Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, 32)
	ROUND(Y7, Y0, Y1, Y2, Y3, Y4, Y5, Y6, 36)
	ROUND(Y6, Y7, Y0, Y1, Y2, Y3, Y4, Y5, 40)
	ROUND(Y5, Y6, Y7, Y0, Y1, Y2, Y3, Y4, 44)
	ROUND(Y4, Y5, Y6, Y7, Y0, Y1, Y2, Y3, 48)
	ROUND(Y3, Y4, Y5, Y6, Y7, Y0, Y1, Y2, 52)
	ROUND(Y2, Y3, Y4, Y5, Y6, Y7, Y0, Y1, 56)
	ROUND(Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y0, 60)
	ADDQ $64, AX
	SUBQ $1, R8
	JGE  schedule

	ADD_STATE(0, Y0)
	ADD_STATE(64, Y1)
	ADD_STATE(128, Y2)
	ADD_STATE(192, Y3)
	ADD_STATE(256, Y4)
	ADD_STATE(320, Y5)
	ADD_STATE(384, Y6)
	ADD_STATE(448, Y7)
	ADDQ $64, DX
	SUBQ $1, CX
	JNZ  block
	VZEROUPPER
	RET
// The end.
