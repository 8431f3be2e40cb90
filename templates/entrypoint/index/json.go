// Values in the format of Python's json.dumps.

package index

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

var (
	plain   [256]bool
	escapes = map[byte]string{'"': `\"`, '\\': `\\`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '\f': `\f`, '\b': `\b`}
)

func init() {
	for c := range plain {
		plain[c] = c >= 0x20 && c < 0x7f && c != '"' && c != '\\'
	}
}

// AppendString appends a text as a JSON string in ASCII. A byte that is not UTF-8 is written as a lone surrogate, \udc80 to
// \udcff, which Python's os.fsencode converts to the original byte.
func AppendString(dst, text []byte) []byte {
	dst = append(dst, '"')
	for len(text) > 0 {
		n := 0
		for n < len(text) && plain[text[n]] {
			n++
		}
		dst = append(dst, text[:n]...)
		if text = text[n:]; len(text) == 0 {
			break
		}
		char, size := utf8.DecodeRune(text)
		dst = appendEscaped(dst, char, size, text[0])
		text = text[size:]
	}
	return append(dst, '"')
}

func appendEscaped(dst []byte, char rune, size int, first byte) []byte {
	if short, known := escapes[first]; known {
		return append(dst, short...)
	}
	if char == utf8.RuneError && size == 1 {
		return appendUnit(dst, 0xdc00+rune(first))
	}
	if char > 0xffff {
		char -= 0x10000
		return appendUnit(appendUnit(dst, 0xd800+char>>10), 0xdc00+char&0x3ff)
	}
	return appendUnit(dst, char)
}

func appendUnit(dst []byte, unit rune) []byte {
	return append(dst, '\\', 'u', hexDigits[unit>>12&15], hexDigits[unit>>8&15], hexDigits[unit>>4&15], hexDigits[unit&15])
}

var unescaped = [256]byte{'"': '"', '\\': '\\', 'n': '\n', 'r': '\r', 't': '\t', 'f': '\f', 'b': '\b'}

// appendUnquoted appends the text of a JSON string from json.dumps, the inverse of AppendString, and other JSON unchanged.
func appendUnquoted(dst, value []byte) []byte {
	if len(value) < 2 || value[0] != '"' {
		return append(dst, value...)
	}
	for rest := value[1 : len(value)-1]; ; {
		start := bytes.IndexByte(rest, '\\')
		if start < 0 || start+1 == len(rest) {
			return append(dst, rest...)
		}
		dst, rest = append(dst, rest[:start]...), rest[start:]
		unit := escapedUnit(rest)
		switch char := utf16.DecodeRune(unit, escapedUnit(rest[min(6, len(rest)):])); {
		case unit < 0:
			dst, rest = append(dst, unescaped[rest[1]]), rest[2:]
		case char != utf8.RuneError:
			dst, rest = utf8.AppendRune(dst, char), rest[12:]
		case unit >= 0xdc80 && unit <= 0xdcff:
			dst, rest = append(dst, byte(unit)), rest[6:]
		default:
			dst, rest = utf8.AppendRune(dst, unit), rest[6:]
		}
	}
}

// escapedUnit returns the unit of UTF-16 in an escape \uXXXX at the start of a text, or -1.
func escapedUnit(text []byte) rune {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	unit, _ := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(unit)
}

// AppendFloat appends a float in the format of Python's repr: the shortest digits that represent the same float, with an
// exponent only if the exponent is below -4 or above 15.
func AppendFloat(dst []byte, value float64) []byte {
	switch {
	case math.IsNaN(value):
		return append(dst, "NaN"...)
	case math.IsInf(value, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(value, -1):
		return append(dst, "-Infinity"...)
	}
	if size := math.Abs(value); size != 0 && (size < 1e-4 || size >= 1e16) {
		return strconv.AppendFloat(dst, value, 'e', -1, 64)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, value, 'f', -1, 64)
	if bytes.IndexByte(dst[start:], '.') < 0 {
		dst = append(dst, ".0"...)
	}
	return dst
}
