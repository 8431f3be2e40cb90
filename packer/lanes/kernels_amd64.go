// The kernels of amd64, and the features of the processor.
package lanes

// blocks16 hashes count blocks of 64 bytes of 16 messages. states contains the words of all lanes, transposed.
//
//go:noescape
func blocks16(states *[8][Lanes]uint32, messages *[Lanes]*byte, count int)

// blocks8 hashes count blocks of 8 messages, with the states of 8 of the 16 lanes. schedule is overwritten.
//
//go:noescape
func blocks8(states *uint32, messages **byte, count int, schedule *[16][8]uint32)

// cpuid returns two of the registers that the instruction CPUID fills.
func cpuid(leaf, sub uint32) (ebx, ecx uint32)

// enabledStates returns the registers that the operating system saves, from the instruction XGETBV.
func enabledStates() uint32

// bigEndian is the shuffle of bytes that reads big-endian words.
var bigEndian = [16]byte{3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12}

// Bits of CPUID and XGETBV. Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2A, CPUID.
const (
	osxsave  = 1 << 27         // leaf 1, ECX
	avx2     = 1 << 5          // leaf 7, EBX
	avx512   = 1<<16 | 1<<30   // leaf 7, EBX: F, BW
	shaNI    = 1 << 29         // leaf 7, EBX
	ymmState = 1<<1 | 1<<2     // XGETBV
	zmmState = ymmState | 7<<5 // XGETBV
)

// kernels returns the kernels that this processor can run, the fastest first.
func kernels() []kernel {
	// A processor with XGETBV has leaf 7.
	if _, features := cpuid(1, 0); features&osxsave == 0 {
		return nil
	}
	features, _ := cpuid(7, 0)
	var found []kernel
	if features&avx512 == avx512 && enabledStates()&zmmState == zmmState {
		found = append(found, kernel{"AVX-512", leastAVX512(features), hash16})
	}
	if features&avx2 != 0 && enabledStates()&ymmState == ymmState {
		found = append(found, kernel{"AVX2", leastAVX2(features), hash8})
	}
	return found
}

func leastAVX512(features uint32) int {
	if features&shaNI != 0 {
		// One stream of the standard library is as fast as seven lanes.
		return 8
	}
	return 2
}

func leastAVX2(features uint32) int {
	if features&shaNI != 0 {
		return never
	}
	return 3
}

func hash16(states *[8][Lanes]uint32, messages *[Lanes]*byte, count int) {
	if occupied(messages[:]) {
		blocks16(states, messages, count)
	}
}

func hash8(states *[8][Lanes]uint32, messages *[Lanes]*byte, count int) {
	var schedule [16][8]uint32
	for first := 0; first < Lanes; first += 8 {
		if occupied(messages[first : first+8]) {
			blocks8(&states[0][first], &messages[first], count, &schedule)
		}
	}
}

// occupied reports whether a lane has a message, and gives its message to the empty lanes.
func occupied(messages []*byte) bool {
	var any *byte
	for _, message := range messages {
		if message != nil {
			any = message
		}
	}
	for lane := range messages {
		if messages[lane] == nil {
			messages[lane] = any
		}
	}
	return any != nil
}
