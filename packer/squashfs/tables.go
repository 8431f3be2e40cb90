// The tables after the data: inode table, directory table, export table and ID table.

package squashfs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
)

// tables writes the inode table into the image, and keeps the directory table in memory until all inodes are written.
type tables struct {
	ordered
	inodes      *metadata
	directories *metadata
	listings    bytes.Buffer
	references  []uint64 // reference to the inode at each position, see metadata.reference
	scratch     []byte
}

// writeTables writes all tables and returns the superblock with their positions.
func writeTables(out *stream, o ordered) (superblock, error) {
	w := &tables{ordered: o, inodes: newMetadata(out), references: make([]uint64, len(o.numbers))}
	w.directories = newMetadata(&w.listings)
	s := superblock{inodes: uint32(len(o.numbers)), inodeTable: out.size}
	// The root's parent is an inode number that does not exist.
	if err := w.write(0, s.inodes+1); err != nil {
		return s, err
	}
	if err := w.finish(); err != nil {
		return s, err
	}
	s.root = w.references[0]
	s.directoryTable = out.size
	if _, err := w.listings.WriteTo(out); err != nil {
		return s, err
	}
	s.fragmentTable = out.size
	var err error
	if s.exportTable, err = writeLookup(out, w.references); err != nil {
		return s, err
	}
	s.idTable, err = writeLookup(out, []uint32{0})
	s.size = out.size
	return s, err
}

// write writes all inodes and listings of a directory and its descendants: first the inodes of the children, then the
// listing, then the directory's inode.
func (w *tables) write(position, parent uint32) error {
	first, end := w.children(position)
	for child := first; child < end; child++ {
		if w.at(child).kind == directory {
			if err := w.write(child, position+1); err != nil {
				return err
			}
		}
	}
	for child := first; child < end; child++ {
		if err := w.writeInode(child); err != nil {
			return err
		}
	}
	l, err := w.writeListing(first, end)
	if err != nil {
		return err
	}
	w.references[position] = w.inodes.reference()
	return writeDirectory(w.inodes, w.at(position).mode, position+1, parent, l)
}

// writeInode writes the inode of a file or symlink.
func (w *tables) writeInode(position uint32) error {
	one := w.at(position)
	if one.kind == directory {
		return nil
	}
	w.references[position] = w.inodes.reference()
	if one.kind == link {
		return writeLink(w.inodes, one, w.names.get(one.start, int(one.size)), position+1)
	}
	return writeFile(w.inodes, one, position+1)
}

// finish flushes the inode and directory tables. It returns an error if a table exceeds 4 GiB, as references have 32 bits.
func (w *tables) finish() error {
	if err := w.inodes.flush(); err != nil {
		return err
	}
	if err := w.directories.flush(); err != nil {
		return err
	}
	if size := max(w.inodes.size, w.directories.size); size > math.MaxUint32 {
		return fmt.Errorf("%d files, symlinks and directories need a table of %d bytes, but SquashFS allows %d; "+
			"split the dataset into several datasets", len(w.numbers), size, math.MaxUint32)
	}
	return nil
}

// writeLookup writes values in metadata blocks, followed by the addresses of the blocks. It returns the position of the
// addresses.
// Source: https://dr-emann.github.io/squashfs/, "Export Table", "ID Table".
func writeLookup[T uint32 | uint64](out *stream, values []T) (int64, error) {
	blocks := newMetadata(out)
	start := out.size
	if err := binary.Write(blocks, binary.LittleEndian, values); err != nil {
		return 0, err
	}
	if err := blocks.flush(); err != nil {
		return 0, err
	}
	table := out.size
	for ; start < table; start += metadataHeader + metadataBytes {
		if err := binary.Write(out, binary.LittleEndian, start); err != nil {
			return 0, err
		}
	}
	return table, nil
}
