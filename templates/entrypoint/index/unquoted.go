// Texts in JSON without their quotes and escapes.

package index

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

var unescaped = map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', 'f': '\f', 'b': '\b'}

// appendUnquoted appends the text of a JSON string that AppendString or Python's json.dumps wrote; other JSON unchanged.
func appendUnquoted(dst, value []byte) []byte {
	if len(value) < 2 || value[0] != '"' {
		return append(dst, value...)
	}
	for rest := value[1 : len(value)-1]; len(rest) > 0; {
		plain := bytes.IndexByte(rest, '\\')
		if plain < 0 || plain == len(rest)-1 {
			return append(dst, rest...)
		}
		dst, rest = append(dst, rest[:plain]...), rest[plain:]
		if unit, ok := escapedUnit(rest); ok {
			var size int
			dst, size = appendUnits(dst, unit, rest)
			rest = rest[size:]
			continue
		}
		char, known := unescaped[rest[1]]
		if !known {
			char = rest[1]
		}
		dst, rest = append(dst, char), rest[2:]
	}
	return dst
}

// escapedUnit returns the unit of UTF-16 in the escape \uXXXX at the start of a text.
func escapedUnit(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(unit), err == nil
}

// appendUnits appends the character at the start of a text, of which `unit` is the first unit, and returns the size of its
// escapes. A lone surrogate is a byte that is not UTF-8, or has three bytes as if it were a character.
func appendUnits(dst []byte, unit rune, text []byte) ([]byte, int) {
	if !utf16.IsSurrogate(unit) {
		return utf8.AppendRune(dst, unit), 6
	}
	if low, ok := escapedUnit(text[6:]); ok {
		if char := utf16.DecodeRune(unit, low); char != utf8.RuneError {
			return utf8.AppendRune(dst, char), 12
		}
	}
	if unit >= 0xdc80 && unit <= 0xdcff {
		return append(dst, byte(unit)), 6
	}
	return append(dst, 0xe0|byte(unit>>12), 0x80|byte(unit>>6&0x3f), 0x80|byte(unit&0x3f)), 6
}
