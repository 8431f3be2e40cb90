// Keys and values in text output.

package index

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf8"
)

// AppendShown is the function AppendShown, faster if all keys of the index are plain ASCII.
func (ix *Index) AppendShown(dst, key []byte) []byte {
	if ix.Plain {
		return append(dst, key...)
	}
	return AppendShown(dst, key)
}

// AppendShown appends a key, a part of a key or a text value in the format of text output: unchanged if it is printable
// UTF-8, otherwise, and if it begins with a quote, as a Go string literal.
func AppendShown(dst, text []byte) []byte {
	if bytes.HasPrefix(text, []byte{'"'}) {
		return strconv.AppendQuote(dst, string(text))
	}
	if !plainASCII(text) {
		return appendUnusual(dst, text)
	}
	return append(dst, text...)
}

// Escaped returns a text with escapes instead of the characters that are not printable, except line breaks.
func Escaped(text string) string {
	quoted := strconv.Quote(text)
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n").Replace(quoted[1 : len(quoted)-1])
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
