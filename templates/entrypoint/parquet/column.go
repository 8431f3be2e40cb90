// The values of a column in a row group, and its pages.

package parquet

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"

	"entrypoint/distinct"
)

// A row group has a dictionary unless more than half of its first leastDistinct different texts occur only once.
const leastDistinct = 1 << 11

// column contains the values of one column in the current row group.
type column struct {
	Column
	levels  []uint32        // 1 for each value, 0 for each missing value
	plain   []byte          // the values in the encoding PLAIN, except booleans
	numbers []uint32        // booleans; or the numbers of the texts in the dictionary
	texts   *distinct.Table // the dictionary; nil if the row group has none
	spare   *distinct.Table
	utf8    bool // whether all texts of the file are UTF-8
}

// chunk is the description of a written column of a row group.
type chunk struct {
	start, data, size int64 // the first page, the page of values, and the size of all pages
	values            int
	coded             bool
}

func newColumn(described Column) *column {
	c := &column{Column: described, utf8: true}
	if c.Type == Text || c.Type == JSON {
		c.spare = distinct.NewTable()
		c.texts = c.spare
	}
	return c
}

func bit(is bool) uint32 {
	if is {
		return 1
	}
	return 0
}

func (c *column) level(given bool) { c.levels = append(c.levels, bit(given)) }

// add adds a text, and returns the number of bytes that it needs.
func (c *column) add(value []byte) int {
	if c.texts == nil {
		c.utf8 = c.utf8 && utf8.Valid(value)
		c.plain = appendText(c.plain, value)
		return len(value) + 4
	}
	known := c.texts.Len()
	c.numbers = append(c.numbers, uint32(c.texts.Number(value)))
	if c.texts.Len() == known {
		return 4
	}
	c.utf8 = c.utf8 && utf8.Valid(value)
	if known >= leastDistinct && 2*known > len(c.numbers) {
		for _, number := range c.numbers {
			c.plain = appendText(c.plain, c.texts.Value(int(number)))
		}
		c.texts = nil
	}
	return len(value) + 4
}

func appendText(dst, text []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(text))), text...)
}

// flush writes the pages of the column, and removes its values.
func (c *column) flush(w *Writer) chunk {
	written := chunk{start: w.offset, values: len(c.levels), coded: c.texts != nil && len(c.numbers) > 0}
	values := c.plain
	switch {
	case written.coded:
		dictionary := c.plain
		for number := range c.texts.Len() {
			dictionary = appendText(dictionary, c.texts.Value(number))
		}
		w.write(pageHeader(dictionaryPage, c.texts.Len(), encodingPlain, len(dictionary)))
		w.write(dictionary)
		width := max(bits.Len(uint(c.texts.Len()-1)), 1)
		values = appendRuns([]byte{byte(width)}, c.numbers, width)
	case c.Type == Boolean:
		values = appendPacked(nil, c.numbers, 1)
	}
	written.data = w.offset
	var levels []byte
	if c.Optional {
		levels = appendRuns(make([]byte, 4), c.levels, 1)
		binary.LittleEndian.PutUint32(levels, uint32(len(levels)-4))
	}
	encoding := encodingPlain
	if written.coded {
		encoding = encodingDictionary
	}
	w.write(pageHeader(dataPage, len(c.levels), encoding, len(levels)+len(values)))
	w.write(levels)
	w.write(values)
	written.size = w.offset - written.start
	c.reset()
	return written
}

func (c *column) reset() {
	c.levels, c.plain, c.numbers = c.levels[:0], c.plain[:0], c.numbers[:0]
	if c.texts = c.spare; c.texts != nil {
		c.texts.Reset()
	}
}

// appendRuns appends numbers in the encoding RLE: as one run of packed numbers, or of one number that is repeated.
func appendRuns(dst []byte, numbers []uint32, width int) []byte {
	if len(numbers) > 0 && !slices.ContainsFunc(numbers, func(one uint32) bool { return one != numbers[0] }) {
		dst = binary.AppendUvarint(dst, uint64(len(numbers))<<1)
		return append(dst, binary.LittleEndian.AppendUint32(nil, numbers[0])[:(width+7)/8]...)
	}
	dst = binary.AppendUvarint(dst, uint64(len(numbers)+7)/8<<1|1)
	for len(numbers)%8 != 0 {
		numbers = append(numbers, 0)
	}
	return appendPacked(dst, numbers, width)
}

// appendPacked appends the lowest `width` bits of each number, the first number in the lowest bits.
func appendPacked(dst []byte, numbers []uint32, width int) []byte {
	var pending uint64
	size := 0
	for _, one := range numbers {
		pending |= uint64(one) << size
		for size += width; size >= 8; size -= 8 {
			dst = append(dst, byte(pending))
			pending >>= 8
		}
	}
	if size > 0 {
		dst = append(dst, byte(pending))
	}
	return dst
}
