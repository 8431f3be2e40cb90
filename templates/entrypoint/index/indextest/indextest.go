// Package indextest writes indexes for tests from plain values. It implements docs/index-format.md without code of the
// reader.
package indextest

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"
)

// Kind is the type of a field, with its number in the index format.
type Kind byte

// The kinds, and the Go types of their values in rows.
const (
	Integer Kind = iota + 1 // int or int64
	Float                   // float64
	Boolean                 // bool
	Text                    // string of any bytes
	JSON                    // string in the format of json.dumps
	Digest                  // []byte
)

// Field is a column. Dictionary is for Text and JSON; Bytes is the width of a Digest.
type Field struct {
	Name       string
	Kind       Kind
	NullShown  bool
	Dictionary bool
	Bytes      int
}

// Null is a missing value that is null, in a field in which other missing values are not.
var Null any = struct{}{}

// Row is a file: its path in the dataset, and its values by field name. A field without an entry has a missing value.
type Row struct {
	Path   string
	Values map[string]any
}

const (
	headBytes  = 56
	chunkBytes = 16384
)

// Build returns the index of the rows, sorted by path. It panics if a value has another type than its field.
func Build(mount string, fields []Field, rows []Row) []byte {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b Row) int { return strings.Compare(a.Path, b.Path) })
	b := &builder{}
	b.names(rows)
	for _, field := range fields {
		b.field(field, rows)
	}
	return b.file(mount, rows, len(fields))
}

// Repair corrects the size and all checksums of an index in place. It returns false if the sizes in the head are impossible.
func Repair(data []byte) bool {
	if len(data) < headBytes {
		return false
	}
	head := binary.LittleEndian.Uint64(data[24:])
	if head > uint64(len(data)) || head < headBytes {
		return false
	}
	body := data[head:]
	chunks := (len(body) + chunkBytes - 1) / chunkBytes
	sums := int(head) - 4*chunks
	if sums < headBytes {
		return false
	}
	for i := range chunks {
		chunk := body[i*chunkBytes : min(len(body), (i+1)*chunkBytes)]
		binary.LittleEndian.PutUint32(data[sums+4*i:], crc32.ChecksumIEEE(chunk))
	}
	binary.LittleEndian.PutUint64(data[16:], uint64(len(data)))
	binary.LittleEndian.PutUint32(data[12:], 0)
	binary.LittleEndian.PutUint32(data[12:], crc32.ChecksumIEEE(data[:head]))
	return true
}

// builder collects the tables and the body of an index.
type builder struct {
	sections []byte
	fields   []byte
	body     []byte
}

// file returns the head followed by the body.
func (b *builder) file(mount string, rows []Row, fields int) []byte {
	chunks := (len(b.body) + chunkBytes - 1) / chunkBytes
	size := headBytes + len(b.sections) + len(b.fields) + len(mount) + 4*chunks
	file := append([]byte("DCINDEX\n"), 2, 0, 0, 0, 0, 0, 0, 0)
	for _, number := range []int{size + len(b.body), size, len(rows)} {
		file = binary.LittleEndian.AppendUint64(file, uint64(number))
	}
	for _, number := range []int{flags(mount, rows), fields, len(b.sections) / 24, len(mount)} {
		file = binary.LittleEndian.AppendUint32(file, uint32(number))
	}
	file = slices.Concat(file, b.sections, b.fields, []byte(mount), make([]byte, 4*chunks), b.body)
	if !Repair(file) {
		panic("the sizes in the head of a new index are impossible")
	}
	return file
}

// flags returns the bits for MountInside and Plain.
func flags(mount string, rows []Row) int {
	inside, plain := 0, 2
	for _, row := range rows {
		key := mount + "/" + row.Path
		if strings.Contains(key[1:], mount) {
			inside = 1
		}
		if strings.ContainsFunc(key, func(char rune) bool { return char < 0x20 || char > 0x7e }) {
			plain = 0
		}
	}
	return inside | plain
}

// section adds a section to the body and returns its number.
func (b *builder) section(data []byte, width int) uint32 {
	number := len(b.sections) / 24
	b.sections = binary.LittleEndian.AppendUint64(b.sections, uint64(len(b.body)))
	b.sections = binary.LittleEndian.AppendUint64(b.sections, uint64(len(data)))
	b.sections = binary.LittleEndian.AppendUint64(b.sections, uint64(width))
	b.body = append(b.body, data...)
	for len(b.body)%8 != 0 {
		b.body = append(b.body, 0)
	}
	return uint32(number)
}

// numbers adds a section of numbers, with the width that the largest number needs.
func (b *builder) numbers(items []uint64) uint32 {
	width := 1
	for _, item := range items {
		for width < 8 && item>>(8*width) != 0 {
			width++
		}
	}
	var data []byte
	for _, item := range items {
		data = append(data, binary.LittleEndian.AppendUint64(nil, item)[:width]...)
	}
	return b.section(data, width)
}

// names adds sections 0 and 1: the starts of the blocks, and the blocks of paths.
func (b *builder) names(rows []Row) {
	var starts []uint64
	var names []byte
	for i, row := range rows {
		shared := 0
		if i%16 == 0 {
			starts = append(starts, uint64(len(names)))
		} else {
			shared = sharedPart(rows[i-1].Path, row.Path)
		}
		names = appendLength(appendLength(names, shared), len(row.Path)-shared)
		names = append(names, row.Path[shared:]...)
	}
	b.numbers(append(starts, uint64(len(names))))
	b.section(names, 0)
}

func sharedPart(one, other string) int {
	n := 0
	for n < min(len(one), len(other)) && one[n] == other[n] {
		n++
	}
	return n
}

func appendLength(dst []byte, length int) []byte {
	if length < 255 {
		return append(dst, byte(length))
	}
	return binary.LittleEndian.AppendUint32(append(dst, 255), uint32(length))
}
