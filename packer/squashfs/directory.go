// The directory table: a listing of the names in each directory, and an index for large listings.

package squashfs

import (
	"encoding/binary"
	"math"
)

const (
	listingHeaderBytes = 12
	listingEntryBytes  = 8
	// Readers refuse more entries than this under one header.
	maxRun = 256
)

// listing contains the fields of a directory's inode that describe its listing.
type listing struct {
	reference   uint64 // position in the directory table
	size        int64
	directories uint32 // number of subdirectories
	index       []byte
	indexed     uint16 // number of entries in the index
}

// writeListing writes the entries at the positions from first up to, but not including, end.
//
// A run is a header with the entries whose inodes are all in one block of the inode table. In each further metadata
// block of the listing, a new run begins, which the index contains: a reader that looks for a name can start there.
// Inode numbers in a run are consecutive, so their difference to the header's number always fits.
// Source: https://dr-emann.github.io/squashfs/, "Directory Table", "Directory Index"; Linux, fs/squashfs/namei.c.
func (w *tables) writeListing(first, end uint32) (listing, error) {
	l := listing{reference: w.directories.reference()}
	block := 0
	for first < end {
		at := int(l.reference&math.MaxUint16) + int(l.size)
		if at/metadataBytes > block {
			block = at / metadataBytes
			w.addToIndex(&l, block, first)
		}
		count := w.run(first, end, at)
		run := w.encodeRun(first, first+count, &l)
		if _, err := w.directories.Write(run); err != nil {
			return l, err
		}
		l.size += int64(len(run))
		first += count
	}
	return l, nil
}

// run returns the number of entries under the header at a position, which counts from the listing's first metadata block.
func (w *tables) run(first, end uint32, at int) uint32 {
	block := at / metadataBytes
	inodes := w.references[first] >> 16
	at += listingHeaderBytes
	position := first
	for ; position < min(end, first+maxRun) && w.references[position]>>16 == inodes; position++ {
		if position > first && at/metadataBytes > block {
			break
		}
		at += listingEntryBytes + int(w.at(position).length)
	}
	return position - first
}

func (w *tables) encodeRun(first, end uint32, l *listing) []byte {
	b := binary.LittleEndian.AppendUint32(w.scratch[:0], end-first-1)
	b = binary.LittleEndian.AppendUint32(b, uint32(w.references[first]>>16))
	b = binary.LittleEndian.AppendUint32(b, first+1)
	for position := first; position < end; position++ {
		one := w.at(position)
		b = binary.LittleEndian.AppendUint16(b, uint16(w.references[position]))
		b = binary.LittleEndian.AppendUint16(b, uint16(position-first))
		b = binary.LittleEndian.AppendUint16(b, uint16(one.kind))
		b = binary.LittleEndian.AppendUint16(b, uint16(one.length)-1)
		b = append(b, w.name(one)...)
		if one.kind == directory {
			l.directories++
		}
	}
	w.scratch = b
	return b
}

// addToIndex adds the run that begins with an entry to the index, as the first run in a metadata block (0 is the block in
// which the listing begins). It adds nothing to a full index; readers then search from the index's last entry.
func (w *tables) addToIndex(l *listing, block int, position uint32) {
	if l.indexed == math.MaxUint16 {
		return
	}
	name := w.name(w.at(position))
	start := l.reference>>16 + uint64(block)*(metadataHeader+metadataBytes)
	l.index = binary.LittleEndian.AppendUint32(l.index, uint32(l.size))
	l.index = binary.LittleEndian.AppendUint32(l.index, uint32(start))
	l.index = binary.LittleEndian.AppendUint32(l.index, uint32(len(name)-1))
	l.index = append(l.index, name...)
	l.indexed++
}
