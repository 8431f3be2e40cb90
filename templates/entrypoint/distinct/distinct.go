// Package distinct numbers different byte strings, without an object for each of them.
package distinct

import (
	"bytes"
	"hash/maphash"
)

// Table contains different values, with the numbers 0, 1, … in the order in which they were added.
type Table struct {
	bytes []byte
	ends  []int
	slots []uint64 // half of the value's hash, and its number plus 1; 0 is a free slot
	seed  maphash.Seed
}

const leastSlots = 64

// NewTable returns a table without values.
func NewTable() *Table { return &Table{slots: make([]uint64, leastSlots), seed: maphash.MakeSeed()} }

// Len returns the number of values.
func (t *Table) Len() int { return len(t.ends) }

// Size returns the number of bytes of all values.
func (t *Table) Size() int { return len(t.bytes) }

// Value returns the value with a number. It is valid until the next call of Reset.
func (t *Table) Value(number int) []byte {
	from := 0
	if number > 0 {
		from = t.ends[number-1]
	}
	return t.bytes[from:t.ends[number]]
}

// Number returns the number of a value, after adding the value if it is new.
func (t *Table) Number(value []byte) int {
	if 2*len(t.ends) >= len(t.slots) {
		t.grow()
	}
	hash := maphash.Bytes(t.seed, value)
	at := t.place(hash)
	for ; t.slots[at] != 0; at = (at + 1) & (len(t.slots) - 1) {
		number := int(uint32(t.slots[at])) - 1
		if t.slots[at]>>32 == hash>>32 && bytes.Equal(t.Value(number), value) {
			return number
		}
	}
	t.bytes = append(t.bytes, value...)
	t.ends = append(t.ends, len(t.bytes))
	t.slots[at] = hash>>32<<32 | uint64(len(t.ends))
	return len(t.ends) - 1
}

// Reset removes all values and keeps the memory.
func (t *Table) Reset() {
	t.bytes, t.ends = t.bytes[:0], t.ends[:0]
	clear(t.slots)
}

func (t *Table) place(hash uint64) int { return int(hash & uint64(len(t.slots)-1)) }

// grow doubles the number of slots.
func (t *Table) grow() {
	t.slots = make([]uint64, 2*len(t.slots))
	for number := range t.ends {
		hash := maphash.Bytes(t.seed, t.Value(number))
		at := t.place(hash)
		for t.slots[at] != 0 {
			at = (at + 1) & (len(t.slots) - 1)
		}
		t.slots[at] = hash>>32<<32 | uint64(number+1)
	}
}
