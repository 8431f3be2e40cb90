// The fields of an index for a test.

package indextest

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
)

// column is a field with its values; nil is a missing value.
type column struct {
	Field
	values []any
}

// field adds a field to the field table, with its sections.
func (b *builder) field(field Field, rows []Row) {
	c, flag, nulls := column{Field: field}, byte(0), make([]byte, (len(rows)+7)/8)
	if field.NullShown {
		flag = 1
	}
	for i, row := range rows {
		if row.Values[field.Name] == Null {
			nulls[i/8] |= 1 << (i % 8)
			flag = 3
			c.values = append(c.values, nil)
			continue
		}
		c.values = append(c.values, checked(field, row))
	}
	var values, offsets, heap uint32
	var base int64
	switch field.Kind {
	case Integer:
		base = c.lowest()
		values = b.numbers(c.above(base))
	case Text, JSON:
		values, offsets, heap = b.texts(c)
	default:
		values = b.section(c.fixed())
	}
	valid, order := b.valid(c), b.numbers(c.order())
	if flag == 3 {
		b.section(nulls, 1)
	}
	b.fields = append(b.fields, byte(field.Kind), flag)
	b.fields = binary.LittleEndian.AppendUint16(b.fields, uint16(len(field.Name)))
	for _, number := range []uint32{values, valid, order, offsets, heap} {
		b.fields = binary.LittleEndian.AppendUint32(b.fields, number)
	}
	b.fields = binary.LittleEndian.AppendUint64(b.fields, uint64(base))
	b.fields = append(b.fields, field.Name...)
}

// checked returns the value of a row, integers as int64 and digests as strings. It panics if the type is wrong.
func checked(field Field, row Row) any {
	value := row.Values[field.Name]
	fits := value == nil
	switch v := value.(type) {
	case int:
		value, fits = int64(v), field.Kind == Integer
	case int64:
		fits = field.Kind == Integer
	case float64:
		fits = field.Kind == Float
	case bool:
		fits = field.Kind == Boolean
	case string:
		fits = field.Kind == Text || field.Kind == JSON
	case []byte:
		value, fits = string(v), field.Kind == Digest && len(v) == field.Bytes
	}
	if !fits {
		panic(fmt.Sprintf("%q: field %q of kind %d cannot contain %#v", row.Path, field.Name, field.Kind, value))
	}
	return value
}

func (c column) lowest() int64 {
	lowest, found := int64(0), false
	for _, value := range c.values {
		if value != nil && (!found || value.(int64) < lowest) {
			lowest, found = value.(int64), true
		}
	}
	return lowest
}

// above returns the differences of the integers to base.
func (c column) above(base int64) []uint64 {
	items := make([]uint64, len(c.values))
	for i, value := range c.values {
		if value != nil {
			items[i] = uint64(value.(int64)) - uint64(base)
		}
	}
	return items
}

// fixed returns the values of a float, boolean or digest field as bytes, and their width.
func (c column) fixed() ([]byte, int) {
	width := map[Kind]int{Float: 8, Boolean: 1, Digest: c.Bytes}[c.Kind]
	data := make([]byte, width*len(c.values))
	for i, value := range c.values {
		item := data[i*width : (i+1)*width]
		switch v := value.(type) {
		case float64:
			binary.LittleEndian.PutUint64(item, math.Float64bits(v))
		case bool:
			item[0] = byte(truth(v))
		case string:
			copy(item, v)
		}
	}
	return data, width
}

// texts adds the sections of texts: offsets and heap, and ids if the field has a dictionary.
func (b *builder) texts(c column) (ids, offsets, heap uint32) {
	var texts []string
	for _, value := range c.values {
		if text, there := value.(string); there || !c.Dictionary {
			texts = append(texts, text)
		}
	}
	if c.Dictionary {
		slices.Sort(texts)
		texts = slices.Compact(texts)
		ids = b.numbers(c.ids(texts))
	}
	ends := []uint64{0}
	for _, text := range texts {
		ends = append(ends, ends[len(ends)-1]+uint64(len(text)))
	}
	return ids, b.numbers(ends), b.section([]byte(strings.Join(texts, "")), 0)
}

// ids returns the positions of the values in the dictionary.
func (c column) ids(texts []string) []uint64 {
	ids := make([]uint64, len(c.values))
	for i, value := range c.values {
		if value != nil {
			id, _ := slices.BinarySearch(texts, value.(string))
			ids[i] = uint64(id)
		}
	}
	return ids
}

// valid adds the bitmap of a field with missing values.
func (b *builder) valid(c column) uint32 {
	if !slices.Contains(c.values, nil) {
		return 0
	}
	bits := make([]byte, (len(c.values)+7)/8)
	for i, value := range c.values {
		if value != nil {
			bits[i/8] |= 1 << (i % 8)
		}
	}
	return b.section(bits, 0)
}

// order returns the rows sorted by value.
func (c column) order() []uint64 {
	rows := make([]uint64, len(c.values))
	for i := range rows {
		rows[i] = uint64(i)
	}
	slices.SortStableFunc(rows, func(one, other uint64) int { return compare(c.values[one], c.values[other]) })
	return rows
}

// compare compares values of one kind; NaN is greater than all other values and nil greater than NaN.
func compare(one, other any) int {
	if one == nil || other == nil {
		return truth(one == nil) - truth(other == nil)
	}
	switch v := one.(type) {
	case int64:
		return cmp.Compare(v, other.(int64))
	case bool:
		return truth(v) - truth(other.(bool))
	case string:
		return strings.Compare(v, other.(string))
	}
	x, y := one.(float64), other.(float64)
	if math.IsNaN(x) || math.IsNaN(y) {
		return truth(math.IsNaN(x)) - truth(math.IsNaN(y))
	}
	return cmp.Compare(x, y)
}

func truth(is bool) int {
	if is {
		return 1
	}
	return 0
}
