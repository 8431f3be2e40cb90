// Values as standard JSON: NaN and Infinity, which Python's json.dumps writes but JSON does not allow, are null.

package index

import (
	"bytes"
	"math"
)

var nonFinite = [][]byte{[]byte("-Infinity"), []byte("Infinity"), []byte("NaN")}

// AppendStrictJSON appends the value of a row as standard JSON: null for a missing value, NaN and Infinity.
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

// appendStrict appends JSON from Python's json.dumps, with null instead of NaN and Infinity.
func appendStrict(dst, text []byte) []byte {
	for inString := false; len(text) > 0; {
		if word := nonFiniteAt(text); !inString && word > 0 {
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

// nonFiniteAt returns the length of NaN, Infinity or -Infinity at the start of a text, or 0.
func nonFiniteAt(text []byte) int {
	for _, word := range nonFinite {
		if bytes.HasPrefix(text, word) {
			return len(word)
		}
	}
	return 0
}
