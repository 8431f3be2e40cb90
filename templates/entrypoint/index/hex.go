// Digests as text.

package index

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
)

// appendHex is hex.AppendEncode, four bytes at a time: a digest of every file is most of what a listing prints.
func appendHex(dst, digest []byte) []byte {
	start := len(dst)
	dst = slices.Grow(dst, 2*len(digest))[:start+2*len(digest)]
	text := dst[start:]
	for ; len(digest) >= 4; digest, text = digest[4:], text[8:] {
		binary.LittleEndian.PutUint64(text, hexOf(binary.LittleEndian.Uint32(digest)))
	}
	hex.Encode(text, digest)
	return dst
}

// hexOf gives the eight digits of four bytes, the first byte and the first digit being the lowest.
func hexOf(four uint32) uint64 {
	const each = 0x0101010101010101
	spread := uint64(four)
	spread = (spread | spread<<16) & 0x0000ffff0000ffff
	spread = (spread | spread<<8) & 0x00ff00ff00ff00ff
	digits := spread>>4&0x000f000f000f000f | spread<<8&0x0f000f000f000f00
	letters := (digits + 6*each) >> 4 & each // 1 for a digit above 9
	return digits + '0'*each + letters*('a'-'0'-10)
}
