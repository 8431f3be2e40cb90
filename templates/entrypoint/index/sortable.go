// Values as bytes that sort like the values.

package index

import (
	"bytes"
	"encoding/binary"
	"math"
)

// AppendSortable appends the value of a row as bytes. Among the rows of a field they are equal if the values are equal, sort
// like the values with a missing value last, and none is the start of another.
func (f *Field) AppendSortable(dst []byte, row int) []byte {
	const given, missing = 1, 2
	if f.Missing(row) {
		return append(dst, missing)
	}
	dst = append(dst, given)
	switch {
	case f.coded || f.Type == Boolean:
		return binary.BigEndian.AppendUint64(dst, f.values.at(row))
	case f.Type == Integer:
		return binary.BigEndian.AppendUint64(dst, uint64(f.Integer(row))^1<<63)
	case f.Type == Float:
		return binary.BigEndian.AppendUint64(dst, sortableFloat(f.Float(row)))
	case f.Type == Digest:
		return append(dst, f.Bytes(row)...)
	}
	return AppendSortable(dst, f.Bytes(row))
}

// AppendSortable is Field.AppendSortable for a text.
func AppendSortable(dst, text []byte) []byte {
	for {
		zero := bytes.IndexByte(text, 0)
		if zero < 0 {
			return append(append(dst, text...), 0, 0)
		}
		dst = append(append(dst, text[:zero]...), 0, 1)
		text = text[zero+1:]
	}
}

// sortableFloat returns a number that sorts like a float: -0.0 is equal to 0.0, and NaN is greater than all other floats.
func sortableFloat(value float64) uint64 {
	if math.IsNaN(value) {
		return math.MaxUint64
	}
	bits := math.Float64bits(value + 0)
	if bits>>63 == 1 {
		return ^bits
	}
	return bits | 1<<63
}
