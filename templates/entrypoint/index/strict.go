// Values as every reader of JSON takes them: what Python writes as NaN or Infinity, for which JSON has no word, is null.

package index

import (
	"bytes"
	"math"
)

var wordless = [][]byte{[]byte("-Infinity"), []byte("Infinity"), []byte("NaN")}

// AppendStrictJSON appends the row's value as JSON; null when it is missing, or no number that JSON has.
func (f *Field) AppendStrictJSON(dst []byte, row int) []byte {
	switch {
	case f.Missing(row):
		return append(dst, "null"...)
	case f.Type == JSON:
		return appendStrict(dst, f.Bytes(row))
	case f.Type == Float:
		if value := f.Float(row); math.IsNaN(value) || math.IsInf(value, 0) {
			return append(dst, "null"...)
		}
	}
	return f.AppendJSON(dst, row)
}

// appendStrict appends JSON as Python writes it, with null for what JSON has no word for.
func appendStrict(dst, text []byte) []byte {
	for inString := false; len(text) > 0; {
		if word := wordlessAt(text); !inString && word > 0 {
			dst, text = append(dst, "null"...), text[word:]
			continue
		}
		n := 1
		switch text[0] {
		case '"':
			inString = !inString
		case '\\':
			n = min(2, len(text))
		}
		dst, text = append(dst, text[:n]...), text[n:]
	}
	return dst
}

// wordlessAt returns the length of such a word at the start of a text, or 0.
func wordlessAt(text []byte) int {
	for _, word := range wordless {
		if bytes.HasPrefix(text, word) {
			return len(word)
		}
	}
	return 0
}
