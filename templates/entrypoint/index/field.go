// The fields of an index: columns of one type, with or without missing values.

package index

import (
	"bytes"
	"cmp"
	"math"
	"sort"
	"strconv"
)

// Type is the type of the values of a field.
type Type uint8

// The types, with their numbers in the index format.
const (
	Integer Type = iota + 1
	Float
	Boolean
	Text
	JSON
	Digest
)

var typeNames = [...]string{"unknown", "integer", "float", "boolean", "text", "json", "digest"}

func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return typeNames[0]
}

// Field is a column of the index, and a metric of the entrypoint.
type Field struct {
	Name string
	Type Type

	rows    int
	base    int64
	values  numbers // of a text with a dictionary: positions in the dictionary
	offsets numbers
	heap    section
	valid   *bitmap
	null    bool    // whether a missing value is null
	nulls   *bitmap // the rows in which it is, if not in all
	order   numbers
	coded   bool // whether the texts are in a dictionary
}

// newField returns the field of an entry of the field table.
func newField(entry fieldEntry, table sectionTable, rows int) *Field {
	f := &Field{Name: entry.name, Type: entry.kind, null: entry.nullShown, rows: rows, base: entry.base}
	f.order = table.integers(entry.order, rows)
	if entry.valid != 0 {
		f.valid = table.bitmap(entry.valid, rows)
	}
	if entry.nullRows {
		f.nulls = table.bitmap(entry.order+1, rows)
	}
	switch entry.kind {
	case Integer:
		f.values = table.integers(entry.values, rows)
	case Float:
		f.values = table.width(entry.values, rows, 8)
	case Boolean:
		f.values = table.width(entry.values, rows, 1)
	case Digest:
		f.values = table.numbers(entry.values, rows)
	case Text, JSON:
		f.readText(entry, table)
	default:
		damagedf("field %q has the unknown type %d", f.Name, entry.kind)
	}
	return f
}

// readText sets the sections of a text or JSON field.
func (f *Field) readText(entry fieldEntry, table sectionTable) {
	offsets, width := table.entry(entry.offsets)
	if width < 1 || offsets.size%width != 0 || offsets.size < width {
		damagedf("the offsets of field %q are not a list of numbers", f.Name)
	}
	count := offsets.size / width
	f.offsets, f.heap = table.integers(entry.offsets, count), table.section(entry.heap)
	f.coded = entry.values != 0
	if f.coded {
		f.values = table.integers(entry.values, f.rows)
	} else if count != f.rows+1 {
		damagedf("field %q has %d texts for %d rows", f.Name, count-1, f.rows)
	}
}

// Between returns a copy of the field for fast access to the values of the rows [from, to) only.
func (f *Field) Between(from, to int) *Field {
	if f.values.width == 0 || from == to {
		return f
	}
	part := *f
	part.values = f.values.between(from, to)
	return &part
}

// Missing reports whether the row has no value.
func (f *Field) Missing(row int) bool { return f.valid != nil && !f.valid.at(row) }

// Null reports whether the row has no value because a function returned None for its file. The row of another file without a
// value omits the field.
func (f *Field) Null(row int) bool {
	return f.null && f.Missing(row) && (f.nulls == nil || f.nulls.at(row))
}

// Values is the number of rows that have a value.
func (f *Field) Values() int {
	if f.valid == nil {
		return f.rows
	}
	return f.valid.count()
}

// Integer returns the value of a row of an integer field.
func (f *Field) Integer(row int) int64 { return int64(uint64(f.base) + f.values.at(row)) }

// Float returns the value of a row of a float field.
func (f *Field) Float(row int) float64 { return math.Float64frombits(f.values.at(row)) }

// Boolean returns the value of a row of a boolean field.
func (f *Field) Boolean(row int) bool { return f.values.at(row) != 0 }

// Bytes returns the value of a row of a text, JSON or digest field, as stored in the index.
func (f *Field) Bytes(row int) []byte {
	if f.Type == Digest {
		return f.values.item(row)
	}
	number := row
	if f.coded {
		id := f.values.at(row)
		if id >= uint64(f.offsets.size/f.offsets.width-1) {
			damagedf("field %q has no text with number %d", f.Name, id)
		}
		number = int(id)
	}
	return f.heap.slice(f.offsets.at(number), f.offsets.at(number+1))
}

// At returns the row at a place in the sort order of the field.
func (f *Field) At(place int) int {
	row := f.order.at(place)
	if row >= uint64(f.rows) {
		damagedf("the order of field %q contains row %d of %d rows", f.Name, row, f.rows)
	}
	return int(row)
}

// Compare returns -1, 0 or 1 if the value of row `one` is less than, equal to or greater than the value of row `other`. Both
// rows must have a value.
func (f *Field) Compare(one, other int) int {
	switch f.Type {
	case Integer:
		return cmp.Compare(f.Integer(one), f.Integer(other))
	case Boolean:
		return cmp.Compare(f.values.at(one), f.values.at(other))
	case Float:
		return compareFloats(f.Float(one), f.Float(other))
	default:
		return bytes.Compare(f.Bytes(one), f.Bytes(other))
	}
}

// compareFloats compares floats; NaN is greater than all other values and equal to NaN.
func compareFloats(one, other float64) int {
	if math.IsNaN(one) || math.IsNaN(other) {
		return cmp.Compare(boolean(math.IsNaN(one)), boolean(math.IsNaN(other)))
	}
	return cmp.Compare(one, other)
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// RunStart returns the first place in the sort order with the same value as `place`, which must have a value.
func (f *Field) RunStart(place int) int {
	row, step := f.At(place), 1
	for place-step >= 0 && f.Compare(f.At(place-step), row) == 0 {
		step *= 2
	}
	from := max(place-step, -1) + 1
	return from + sort.Search(place-from, func(i int) bool { return f.Compare(f.At(from+i), row) == 0 })
}

// RunEnd returns the place after the last place below `values` with the same value as `place`.
func (f *Field) RunEnd(place, values int) int {
	row, step := f.At(place), 1
	for place+step < values && f.Compare(f.At(place+step), row) == 0 {
		step *= 2
	}
	span := min(place+step, values) - place
	return place + sort.Search(span, func(i int) bool { return f.Compare(f.At(place+i), row) != 0 })
}

// AppendUnquoted is AppendText without the quotes and escapes of a text in a JSON field, for comparisons.
func (f *Field) AppendUnquoted(dst []byte, row int) []byte {
	if f.Type == JSON && !f.Missing(row) {
		return appendUnquoted(dst, f.Bytes(row))
	}
	return f.AppendText(dst, row)
}

// AppendText appends the value of a row as text: texts unquoted, digests as hexadecimal digits, other types as JSON, and
// nothing for a missing value.
func (f *Field) AppendText(dst []byte, row int) []byte {
	if f.Missing(row) {
		return dst
	}
	switch f.Type {
	case Integer:
		return AppendInteger(dst, f.Integer(row))
	case Float:
		return AppendFloat(dst, f.Float(row))
	case Boolean:
		return strconv.AppendBool(dst, f.Boolean(row))
	case Digest:
		return appendHex(dst, f.Bytes(row))
	default:
		return append(dst, f.Bytes(row)...)
	}
}

// AppendJSON appends the value of a row in the format of Python's json.dumps, and null for a missing value.
func (f *Field) AppendJSON(dst []byte, row int) []byte {
	if f.Missing(row) {
		return append(dst, "null"...)
	}
	switch f.Type {
	case Integer:
		return AppendInteger(dst, f.Integer(row))
	case Digest:
		return append(appendHex(append(dst, '"'), f.values.item(row)), '"')
	case Text:
		return AppendString(dst, f.Bytes(row))
	}
	return f.AppendText(dst, row)
}

// bitmap returns a section with a bit for each row.
func (t sectionTable) bitmap(number uint32, rows int) *bitmap {
	bits := bitmap{t.section(number)}
	if bits.size != (rows+7)/8 {
		damagedf("section %d does not have one bit for each row", number)
	}
	return &bits
}

// integers returns a section of `count` unsigned integers.
func (t sectionTable) integers(number uint32, count int) numbers {
	n := t.numbers(number, count)
	if n.width > 8 {
		damagedf("section %d has integers of %d bytes", number, n.width)
	}
	return n
}

// width returns a section of `count` items of the given width.
func (t sectionTable) width(number uint32, count, width int) numbers {
	n := t.numbers(number, count)
	if n.width != width {
		damagedf("section %d has items of %d bytes, not %d", number, n.width, width)
	}
	return n
}
