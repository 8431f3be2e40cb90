// Keys as people read them.

package index

import (
	"encoding/binary"
	"strconv"
	"unicode/utf8"
)

// AppendShown appends a key of this index as AppendShown does.
func (ix *Index) AppendShown(dst, key []byte) []byte {
	if ix.Plain {
		return append(dst, key...)
	}
	return AppendShown(dst, key)
}

// AppendShown appends a key as text output shows it: as it is where it is printable UTF-8, else as a Go string literal. A
// key begins with a slash, so that the two never look alike.
func AppendShown(dst, key []byte) []byte {
	if !plainASCII(key) {
		return appendUnusual(dst, key)
	}
	return append(dst, key...)
}

// plainASCII may take plain text for none, never the other way round. It looks at eight bytes at a time: a byte's highest bit
// is set in itself, or 0x20 below it, or 1 above it, where it is not from 0x20 to 0x7e.
func plainASCII(text []byte) bool {
	const each = 0x0101010101010101
	var unusual uint64
	for ; len(text) >= 8; text = text[8:] {
		eight := binary.LittleEndian.Uint64(text)
		unusual |= eight | (eight - 0x20*each) | (eight + each)
	}
	for _, c := range text {
		unusual |= uint64(c) | (uint64(c) - 0x20) | (uint64(c) + 1)
	}
	return unusual&(0x80*each) == 0
}

func appendUnusual(dst, key []byte) []byte {
	for rest := key; len(rest) > 0; {
		char, size := utf8.DecodeRune(rest)
		if char == utf8.RuneError && size == 1 || !strconv.IsPrint(char) {
			return strconv.AppendQuote(dst, string(key))
		}
		rest = rest[size:]
	}
	return append(dst, key...)
}
