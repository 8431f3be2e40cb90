// Package index reads the index of a data container in place. docs/index-format.md describes the format.
package index

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
)

const (
	magic        = "DCINDEX\n"
	version      = 2
	headBytes    = 56
	sectionBytes = 24
	fieldBytes   = 32
	blockRows    = 16
)

// Index is a catalog: rows, sorted by the bytes of their keys, with fields. Its methods panic if they find damage: call them
// inside Guard.
type Index struct {
	// Rows is the number of rows.
	Rows int
	// Mount is the folder of the files, without a slash at its end. A key is the mount, a slash, and a path in the dataset.
	Mount string
	// MountInside is true if some key contains the mount at another place than its start.
	MountInside bool
	// Plain is true if all keys consist of the bytes 0x20 to 0x7e.
	Plain bool
	// Fields are the columns of the catalog, without the path.
	Fields []*Field

	body   *body
	starts numbers // the offsets of the blocks in names
	names  section // the paths, encoded in blocks
}

// Open returns the index in data after checking its head. The body is checked at the first access to each part.
func Open(data []byte) (ix *Index, err error) {
	err = Guard(func() error {
		head := checkedHead(data)
		ix = &Index{Rows: int(binary.LittleEndian.Uint64(data[32:])), MountInside: data[40]&1 == 1, Plain: data[40]&2 == 2}
		ix.read(head, data[len(head):])
		return nil
	})
	return ix, err
}

// Check verifies the whole index.
func (ix *Index) Check() error {
	return Guard(func() error {
		ix.body.slice(0, len(ix.body.data))
		for range ix.Keys(0, ix.Rows) {
		}
		return nil
	})
}

// Field returns the field with the given name, or nil.
func (ix *Index) Field(name string) *Field {
	for _, field := range ix.Fields {
		if field.Name == name {
			return field
		}
	}
	return nil
}

// checkedHead returns the head after checking its version, sizes and checksum.
func checkedHead(data []byte) []byte {
	if len(data) < headBytes || string(data[:8]) != magic {
		damagedf("it does not begin with %q", magic)
	}
	if found := binary.LittleEndian.Uint32(data[8:]); found != version {
		panic(&DamagedError{fmt.Sprintf("has version %d, but this program reads version %d", found, version)})
	}
	if size := binary.LittleEndian.Uint64(data[16:]); size != uint64(len(data)) {
		damagedf("expected %d bytes, found %d", size, len(data))
	}
	size := binary.LittleEndian.Uint64(data[24:])
	if size < headBytes || size > uint64(len(data)) {
		damagedf("its head has an impossible size of %d bytes", size)
	}
	head := data[:size:size]
	sum := crc32.Update(crc32.ChecksumIEEE(head[:12]), crc32.IEEETable, make([]byte, 4))
	if crc32.Update(sum, crc32.IEEETable, head[16:]) != binary.LittleEndian.Uint32(head[12:]) {
		damagedf("checksum mismatch in the head")
	}
	if binary.LittleEndian.Uint64(head[32:]) > math.MaxInt32*uint64(blockRows) {
		damagedf("%d rows are more than possible", binary.LittleEndian.Uint64(head[32:]))
	}
	return head
}

// read parses the tables of the head. A wrong count exceeds the head, which reader.take detects.
func (ix *Index) read(head, data []byte) {
	fields, sections := binary.LittleEndian.Uint32(head[44:]), binary.LittleEndian.Uint32(head[48:])
	rest := reader{head[headBytes:]}
	tables := rest.take(uint64(sections) * sectionBytes)
	var found []fieldEntry
	for range fields {
		found = append(found, rest.field())
	}
	ix.Mount = string(rest.take(uint64(binary.LittleEndian.Uint32(head[52:]))))
	if chunks := (len(data) + chunkBytes - 1) / chunkBytes; len(rest.data) != 4*chunks {
		damagedf("its body of %d bytes needs %d checksums, but its head contains %d bytes of checksums", len(data), chunks, len(rest.data))
	}
	ix.body = newBody(data, rest.data)
	table := sectionTable{ix.body, tables}
	blocks := (ix.Rows + blockRows - 1) / blockRows
	ix.starts, ix.names = table.numbers(0, blocks+1), table.section(1)
	for _, entry := range found {
		ix.Fields = append(ix.Fields, newField(entry, table, ix.Rows))
	}
}

// reader reads the tables of the head one after the other.
type reader struct{ data []byte }

// take returns the next `size` bytes.
func (r *reader) take(size uint64) []byte {
	if size > uint64(len(r.data)) {
		damagedf("its head is %d bytes too short", size-uint64(len(r.data)))
	}
	taken := r.data[:size]
	r.data = r.data[size:]
	return taken
}

// fieldEntry is an entry of the field table. values, valid, order, offsets and heap are section numbers, 0 for no section.
type fieldEntry struct {
	kind                                Type
	nullShown, nullRows                 bool
	values, valid, order, offsets, heap uint32
	base                                int64
	name                                string
}

// field returns the next entry of the field table.
func (r *reader) field() fieldEntry {
	fixed := r.take(fieldBytes)
	number := func(at int) uint32 { return binary.LittleEndian.Uint32(fixed[at:]) }
	return fieldEntry{
		kind:      Type(fixed[0]),
		nullShown: fixed[1]&1 == 1,
		nullRows:  fixed[1]&2 == 2,
		values:    number(4),
		valid:     number(8),
		order:     number(12),
		offsets:   number(16),
		heap:      number(20),
		base:      int64(binary.LittleEndian.Uint64(fixed[24:])),
		name:      string(r.take(uint64(binary.LittleEndian.Uint16(fixed[2:])))),
	}
}

// sectionTable looks up sections by number.
type sectionTable struct {
	body  *body
	table []byte
}

func (t sectionTable) section(number uint32) section {
	s, _ := t.entry(number)
	return s
}

// entry returns a section and the width of its items.
func (t sectionTable) entry(number uint32) (section, int) {
	if (uint64(number)+1)*sectionBytes > uint64(len(t.table)) {
		damagedf("it refers to section %d of %d sections", number, len(t.table)/sectionBytes)
	}
	entry := t.table[number*sectionBytes:]
	offset, size := binary.LittleEndian.Uint64(entry), binary.LittleEndian.Uint64(entry[8:])
	if total := uint64(len(t.body.data)); offset > total || size > total-offset {
		damagedf("section %d exceeds the body", number)
	}
	return section{t.body, int(offset), int(size)}, int(binary.LittleEndian.Uint32(entry[16:]))
}

// numbers returns a section of `count` items.
func (t sectionTable) numbers(number uint32, count int) numbers {
	s, width := t.entry(number)
	if width < 1 || width > 64 || s.size != count*width {
		damagedf("section %d needs %d items of %d bytes, but has %d bytes", number, count, width, s.size)
	}
	return numbers{section: s, width: width}
}
