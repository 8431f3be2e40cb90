// Tests of indexes with correct checksums and impossible values: each check of the reader finds its damage.

package index_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"entrypoint/index"
	"entrypoint/index/indextest"
)

const craftedRows = 20

// crafted is an index of sample(craftedRows) whose values a test changes.
type crafted struct{ data []byte }

func (c crafted) put32(at int, value uint32) { binary.LittleEndian.PutUint32(c.data[at:], value) }

func (c crafted) put64(at int, value uint64) { binary.LittleEndian.PutUint64(c.data[at:], value) }

func (c crafted) number(at int) int { return int(binary.LittleEndian.Uint32(c.data[at:])) }

// bodySize is the number of bytes after the head.
func (c crafted) bodySize() uint64 {
	return uint64(len(c.data)) - binary.LittleEndian.Uint64(c.data[24:])
}

// field returns the place of the entry of a field in the head.
func (c crafted) field(name string) int {
	for at := 56 + 24*c.number(48); ; {
		length := int(binary.LittleEndian.Uint16(c.data[at+2:]))
		if string(c.data[at+32:at+32+length]) == name {
			return at
		}
		at += 32 + length
	}
}

// The places of section numbers in the entry of a field.
const valuesAt, validAt, orderAt, offsetsAt, heapAt = 4, 8, 12, 16, 20

// section returns the number of a section of a field.
func (c crafted) section(field string, part int) int { return c.number(c.field(field) + part) }

// resize sets the offset, the size and the width of the items of a section.
func (c crafted) resize(section int, offset, size uint64, width uint32) {
	at := 56 + 24*section
	c.put64(at, offset)
	c.put64(at+8, size)
	c.put32(at+16, width)
}

// body returns the bytes of a section.
func (c crafted) body(section int) []byte {
	at := 56 + 24*section
	from := binary.LittleEndian.Uint64(c.data[24:]) + binary.LittleEndian.Uint64(c.data[at:])
	return c.data[from : from+binary.LittleEndian.Uint64(c.data[at+8:])]
}

func TestOpenCraftedIndexNamesTheDamage(t *testing.T) {
	for wanted, changes := range map[string][]func(crafted){
		"impossible size of 55 bytes":     {func(c crafted) { c.put64(24, 55) }},
		"impossible size of 999999 bytes": {func(c crafted) { c.put64(24, 999999) }},
		"34359738353 rows are more than possible": {
			func(c crafted) { c.put64(32, math.MaxInt32*16+1) },
		},
		"section 0 needs 2147483648 items of": {func(c crafted) { c.put64(32, math.MaxInt32*16) }},
		"bytes too short": {
			func(c crafted) { c.put32(44, 1<<20) },
			func(c crafted) { c.put32(48, 1<<20) },
			func(c crafted) { c.put32(52, 1<<31) },
		},
		"checksums, but its head contains": {func(c crafted) { c.put32(52, 4) }},
		"it refers to section": {
			func(c crafted) { c.put32(c.field("size")+valuesAt, uint32(c.number(48))) },
			func(c crafted) { c.put32(c.field("link")+heapAt, math.MaxUint32) },
		},
		"section 0 exceeds the body": {
			func(c crafted) { c.resize(0, c.bodySize()+1, 0, 1) },
			func(c crafted) { c.resize(0, 1, c.bodySize(), 1) },
			func(c crafted) { c.resize(0, 1, math.MaxUint64, 1) },
		},
		"section 0 needs 3 items of 0 bytes, but has 3 bytes": {func(c crafted) { c.resize(0, 0, 3, 0) }},
		"section 0 needs 3 items of 1 bytes, but has 4 bytes": {func(c crafted) { c.resize(0, 0, 4, 1) }},
		"needs 20 items of 65 bytes, but has 1300 bytes": {
			func(c crafted) { c.resize(c.section("sha256", valuesAt), 0, 1300, 65) },
		},
		"has integers of 9 bytes":         {func(c crafted) { c.resize(c.section("size", valuesAt), 0, 180, 9) }},
		"has items of 4 bytes, not 8":     {func(c crafted) { c.resize(c.section("mean", valuesAt), 0, 80, 4) }},
		"has items of 2 bytes, not 1":     {func(c crafted) { c.resize(c.section("good", valuesAt), 0, 40, 2) }},
		`"size" has the unknown type 0`:   {func(c crafted) { c.data[c.field("size")] = 0 }},
		`"size" has the unknown type 7`:   {func(c crafted) { c.data[c.field("size")] = 7 }},
		`"link" has 19 texts for 20 rows`: {func(c crafted) { c.resize(c.section("link", offsetsAt), 0, 20, 1) }},
		`"link" has 21 texts for 20 rows`: {func(c crafted) { c.resize(c.section("link", offsetsAt), 0, 22, 1) }},
		"does not have one bit for each row": {
			func(c crafted) { c.resize(c.section("link", validAt), 0, 2, 0) },
			func(c crafted) { c.resize(c.section("link", validAt), 0, 4, 0) },
		},
		`the offsets of field "kind" are not a list`: {
			func(c crafted) { c.resize(c.section("kind", offsetsAt), 0, 3, 0) },
			func(c crafted) { c.resize(c.section("kind", offsetsAt), 0, 3, 2) },
			func(c crafted) { c.resize(c.section("kind", offsetsAt), 0, 0, 1) },
		},
		`field "kind" has no text with number 2`: {func(c crafted) { c.body(c.section("kind", valuesAt))[7] = 2 }},
		`the order of field "size" contains row 20 of 20 rows`: {
			func(c crafted) { c.body(c.section("size", orderAt))[7] = craftedRows },
		},
		"are outside of a section": {
			func(c crafted) { c.body(0)[1] = 255 },                            // the end of the first block
			func(c crafted) { c.body(0)[0] = c.body(0)[1] + 1 },               // a block that ends before its start
			func(c crafted) { c.body(c.section("link", offsetsAt))[2] = 255 }, // the end of a text
		},
		"a path with 1 shared and":                 {func(c crafted) { c.body(1)[0] = 1 }}, // the first path of a block shares nothing
		"a path with 0 shared and 200 other bytes": {func(c crafted) { c.body(1)[1] = 200 }},
		"a block of paths is too short": {
			func(c crafted) { c.body(0)[0] = c.body(0)[1] },
			func(c crafted) { c.body(0)[1], c.body(1)[0] = 4, 255 }, // a long length has 5 bytes
		},
	} {
		for number, change := range changes {
			c := crafted{sample(craftedRows)}
			change(c)
			indextest.Repair(c.data)
			requireDamaged(t, fmt.Sprintf("%s (%d)", wanted, number), c.data, wanted)
		}
	}
}

// requireDamaged fails the test unless reading returns a DamagedError with the wanted text.
func requireDamaged(t *testing.T, name string, data []byte, wanted string) {
	t.Helper()
	_, err := dump(data)
	var damaged *index.DamagedError
	if !errors.As(err, &damaged) || !strings.Contains(damaged.Problem, wanted) {
		t.Errorf("%s: the error is %v", name, err)
	}
}
