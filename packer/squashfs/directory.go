// The listings: the names in each directory, with the places of their inodes, and an index for large ones.

package squashfs

import (
	"encoding/binary"
	"math"
)

const (
	listingHeaderBytes = 12
	listingEntryBytes  = 8
	// Readers refuse more entries than that under one header.
	maxRun = 256
)

// listing tells what a directory's inode says of its listing.
type listing struct {
	reference   uint64 // where it begins in the directory table
	size        int64
	directories uint32 // that it names
	index       []byte
	indexed     uint16 // entries of the index
}

// writeListing writes the names at the positions from first up to end.
//
// Entries stand in runs under a header that says in which block of the inode table all of the run lie. Where the
// listing goes on in another metadata block, a new run begins and the index names it: a reader that looks for a name
// begins there. Inode numbers in a run follow each other, so their distance from the header's always fits.
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

// run counts the entries under the header that stands at that place, counted from the listing's first metadata block.
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

// addToIndex says that the run which begins with that position is the first in a metadata block, counted from the
// listing's first. An index that is full ends there; readers then go on from its last entry.
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
