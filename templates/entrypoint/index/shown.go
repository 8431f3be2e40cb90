// Keys in text output.

package index

import (
	"encoding/binary"
	"strconv"
	"unicode/utf8"
)

// AppendShown is the function AppendShown, faster if all keys of the index are plain ASCII.
func (ix *Index) AppendShown(dst, key []byte) []byte {
	if ix.Plain {
		return append(dst, key...)
	}
	return AppendShown(dst, key)
}

// AppendShown appends a key in the format of text output: unchanged if it is printable UTF-8, otherwise as a Go string
// literal. A key begins with a slash and a literal with a quote, so the two cannot be confused.
func AppendShown(dst, key []byte) []byte {
	if !plainASCII(key) {
		return appendUnusual(dst, key)
	}
	return append(dst, key...)
}

// plainASCII reports whether all bytes are from 0x20 to 0x7e; it may return false for such a text. It tests eight bytes at a
// time: for any other byte b, the highest bit is set in b, in b-0x20 or in b+1.
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

// appendUnusual is AppendShown for a key that may contain other bytes than plain ASCII.
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
