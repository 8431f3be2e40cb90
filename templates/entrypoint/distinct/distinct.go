// Package distinct numbers different byte strings, without an object for each of them.
package distinct

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
)

// Table contains different values, with the numbers 0, 1, … in the order in which they were added.
type Table struct {
	chunks [][]byte // each value after its length
	places []uint64 // of each value: its chunk, and its place in the chunk
	slots  []uint64 // half of the value's hash, and its number plus 1; 0 is a free slot
	seed   maphash.Seed
}

const (
	leastSlots = 64
	leastChunk = 1 << 12
	mostChunk  = 1 << 20
	half       = 32
)

// NewTable returns a table without values.
func NewTable() *Table { return &Table{slots: make([]uint64, leastSlots), seed: maphash.MakeSeed()} }

// Len returns the number of values.
func (t *Table) Len() int { return len(t.places) }

// Value returns the value with a number. It is valid until the next call of Reset.
func (t *Table) Value(number int) []byte {
	place := t.places[number]
	chunk := t.chunks[place>>half][uint32(place):]
	size, width := binary.Uvarint(chunk)
	return chunk[width : width+int(size)]
}

// Number returns the number of a value, after adding the value if it is new.
func (t *Table) Number(value []byte) int {
	if 2*len(t.places) >= len(t.slots) {
		t.grow()
	}
	hash := maphash.Bytes(t.seed, value)
	at := t.place(hash)
	for ; t.slots[at] != 0; at = (at + 1) & (len(t.slots) - 1) {
		number := int(uint32(t.slots[at])) - 1
		if t.slots[at]>>half == hash>>half && bytes.Equal(t.Value(number), value) {
			return number
		}
	}
	t.add(value)
	t.slots[at] = hash>>half<<half | uint64(len(t.places))
	return len(t.places) - 1
}

// add copies a value into the last chunk, or into a new one if it does not fit.
func (t *Table) add(value []byte) {
	last, needed, size := len(t.chunks)-1, len(value)+binary.MaxVarintLen64, leastChunk
	if last >= 0 {
		size = min(2*cap(t.chunks[last]), mostChunk)
	}
	if last < 0 || cap(t.chunks[last])-len(t.chunks[last]) < needed {
		t.chunks = append(t.chunks, make([]byte, 0, max(size, needed)))
		last++
	}
	chunk := t.chunks[last]
	t.places = append(t.places, uint64(last)<<half|uint64(len(chunk)))
	t.chunks[last] = append(binary.AppendUvarint(chunk, uint64(len(value))), value...)
}

// Reset removes all values and keeps the memory.
func (t *Table) Reset() {
	if last := len(t.chunks) - 1; last >= 0 {
		t.chunks = append(t.chunks[:0], t.chunks[last][:0])
	}
	t.places = t.places[:0]
	clear(t.slots)
}

func (t *Table) place(hash uint64) int { return int(hash & uint64(len(t.slots)-1)) }

// grow doubles the number of slots.
func (t *Table) grow() {
	t.slots = make([]uint64, 2*len(t.slots))
	for number := range t.places {
		hash := maphash.Bytes(t.seed, t.Value(number))
		at := t.place(hash)
		for t.slots[at] != 0 {
			at = (at + 1) & (len(t.slots) - 1)
		}
		t.slots[at] = hash>>half<<half | uint64(number+1)
	}
}
