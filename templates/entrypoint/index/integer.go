// Integers as decimal text.

package index

import "encoding/binary"

// decimalPairs contains the two digits of each number below 100, the first digit in the lower half.
var decimalPairs [100]uint16

func init() {
	for n := range decimalPairs {
		decimalPairs[n] = uint16('0'+n/10) | uint16('0'+n%10)<<8
	}
}

// AppendInteger is strconv.AppendInt at twice its speed: every line of a listing contains a size.
func AppendInteger(dst []byte, value int64) []byte {
	rest := uint64(value)
	if value < 0 {
		dst = append(dst, '-')
		rest = -rest
	}
	var digits [20]byte
	at := len(digits)
	for rest >= 100 {
		at -= 2
		binary.LittleEndian.PutUint16(digits[at:], decimalPairs[rest%100])
		rest /= 100
	}
	at -= 2
	binary.LittleEndian.PutUint16(digits[at:], decimalPairs[rest])
	if rest < 10 {
		at++
	}
	return append(dst, digits[at:]...)
}
