// Names and values in the forms that people and tables take.

package cli

import (
	"encoding/binary"
	"strconv"
	"unicode/utf8"

	"entrypoint/index"
)

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
		unusual |= uint64(c) | uint64(c) - 0x20 | uint64(c) + 1
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

// appendCell appends a cell of a table: in quotes where it is empty, as a missing value is not, or holds what would end it.
func appendCell(dst, cell []byte, comma byte) []byte {
	quoted := len(cell) == 0
	for _, c := range cell {
		quoted = quoted || c == comma || c == '"' || c == '\n' || c == '\r'
	}
	if !quoted {
		return append(dst, cell...)
	}
	dst = append(dst, '"')
	for _, c := range cell {
		if c == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

func appendValue(dst []byte, field *index.Field, row int, comma byte) []byte {
	if field.Type == index.Text || field.Type == index.JSON {
		return appendCell(dst, field.Bytes(row), comma)
	}
	return field.AppendText(dst, row)
}
