// Tests of metadata blocks at their limits.

package squashfs

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
)

// blockLengths returns the lengths of the metadata blocks in a table; all blocks must be uncompressed.
func blockLengths(t *testing.T, table []byte) []int {
	t.Helper()
	var lengths []int
	for len(table) > 0 {
		header := binary.LittleEndian.Uint16(table)
		if header&0x8000 == 0 {
			t.Fatalf("the header %#x is that of a compressed block", header)
		}
		length := int(header &^ 0x8000)
		lengths = append(lengths, length)
		table = table[2+length:]
	}
	return lengths
}

func TestMetadataWriteCutsBlocksAfter8192Bytes(t *testing.T) {
	for size, wanted := range map[int][]int{
		0: nil, 1: {1}, 8191: {8191}, 8192: {8192}, 8193: {8192, 1}, 16384: {8192, 8192}, 16385: {8192, 8192, 1},
	} {
		var table bytes.Buffer
		m := newMetadata(&table)
		if _, err := m.Write(make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		if err := m.flush(); err != nil {
			t.Fatal(err)
		}
		if lengths := blockLengths(t, table.Bytes()); !slices.Equal(lengths, wanted) {
			t.Errorf("%d bytes are in blocks of %v bytes, expected %v", size, lengths, wanted)
		}
		if m.size != int64(table.Len()) {
			t.Errorf("%d bytes: the size is %d, expected %d", size, m.size, table.Len())
		}
	}
}

func TestMetadataReferenceAfterAFullBlockIsInTheNextBlock(t *testing.T) {
	m := newMetadata(&bytes.Buffer{})
	for _, step := range []struct {
		size      int
		reference uint64
	}{{8191, 8191}, {1, 8194 << 16}, {5, 8194<<16 | 5}} {
		if _, err := m.Write(make([]byte, step.size)); err != nil {
			t.Fatal(err)
		}
		if m.reference() != step.reference {
			t.Errorf("the reference is %#x, expected %#x", m.reference(), step.reference)
		}
	}
}
